import { z } from "zod";
import type { Observation } from "./detector.ts";
import { packedNumbers, packNumbers, unpackNumbers } from "./packed.ts";
import { MAX_FITTED, type SeasonGrid } from "./seasonal-fit.ts";

const HOUR_MS = 3_600_000;
/** Hours that a clock is put on or back by at most: a bucket that lies further off by its hours is like another weekday. */
const MOST_SHIFT_MS = 3 * HOUR_MS;

/** Reads what is kept of a window: the length of its buckets, where the last began and its place in the season, and the values, oldest first. */
export const seasonWindowSchema = z.object({
  bucketMs: z.number().positive(),
  atMs: z.number(),
  place: z.number().int().min(0).max(MAX_FITTED),
  values: packedNumbers(MAX_FITTED),
});

/** Where a bucket stands. */
interface Stood {
  /** Its place in the season, by the zone's clock. */
  readonly place: number;
  /** Buckets since the last one, on that clock: 0 where an hour is there twice, 2 where one is left out. */
  readonly steps: number;
  /** Whether it has another weekday's hours: it is judged by them and teaches nothing. */
  readonly isLike: boolean;
}

/** The latest values of a series at their places in the season; a gap is NaN. */
export interface SeasonWindow {
  readonly stand: (observation: Observation) => Stood;
  /** Takes a bucket in, after {@link SeasonWindow.stand} said where it stands. */
  readonly put: (observation: Observation, stood: Stood) => void;
  readonly values: () => readonly number[];
  /** Where the last bucket stands in the season. */
  readonly place: () => number;
  /** Moves all values but the latest so many by as much. */
  readonly move: (by: number, latest: number) => void;
  readonly save: () => z.infer<typeof seasonWindowSchema> | null;
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

/** Keeps a series' latest values on the zone's clock, so that a day has as many as any other. */
export const createSeasonWindow = (
  { bucketMs, season, window }: SeasonGrid,
  saved: z.infer<typeof seasonWindowSchema> | null,
): SeasonWindow => {
  const before = saved?.bucketMs === bucketMs && saved.place < season ? saved : null;
  const values = unpackNumbers(before?.values ?? "").slice(-window);
  let last = before === null ? null : { atMs: before.atMs, place: before.place };
  const placeOf = ({ atMs, hourOfWeek }: Observation): number => {
    if (bucketMs > HOUR_MS) return Math.floor((hourOfWeek * HOUR_MS) / bucketMs) % season;
    return (hourOfWeek * (HOUR_MS / bucketMs) + Math.floor(modulo(atMs, HOUR_MS) / bucketMs)) % season;
  };
  /** How far a place lies from another, the shorter way round. */
  const between = (from: number, to: number): number => {
    const ahead = modulo(to - from, season);
    return ahead > season / 2 ? ahead - season : ahead;
  };
  return {
    stand: (observation) => {
      const place = placeOf(observation);
      if (last === null) return { place, steps: 1, isLike: false };
      const passed = Math.max(1, Math.round((observation.atMs - last.atMs) / bucketMs));
      const off = between(modulo(last.place + passed, season), place);
      const isLike = Math.abs(off) * bucketMs > MOST_SHIFT_MS;
      return { place, steps: isLike ? passed : Math.max(0, passed + off), isLike };
    },
    put: ({ atMs, value }, { place, steps, isLike }) => {
      const kept = isLike ? Number.NaN : (value ?? Number.NaN);
      const latest = values.at(-1);
      // An hour that is there twice is one, as the mean of what is known of both.
      if (steps === 0 && latest !== undefined) {
        if (Number.isNaN(latest)) values[values.length - 1] = kept;
        else if (!Number.isNaN(kept)) values[values.length - 1] = (latest + kept) / 2;
      } else {
        for (let gap = 1; gap < Math.min(steps, window); gap += 1) values.push(Number.NaN);
        values.push(kept);
      }
      values.splice(0, Math.max(0, values.length - window));
      last = { atMs, place: isLike && last !== null ? modulo(last.place + steps, season) : place };
    },
    values: () => values,
    place: () => last?.place ?? 0,
    move: (by, latest) => {
      for (let index = 0; index < values.length - latest; index += 1) values[index] = (values[index] ?? 0) + by;
    },
    save: () => (last === null ? null : { bucketMs, ...last, values: packNumbers(values) }),
  };
};
