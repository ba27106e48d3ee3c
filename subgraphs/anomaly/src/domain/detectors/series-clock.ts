import { z } from "zod";
import type { Observation } from "./detector.ts";

const HOUR_MS = 3_600_000;
const HOURS_OF_DAY = 24;
const DAY_MS = HOURS_OF_DAY * HOUR_MS;
/** The shortest bucket that is a day or more: one in which clocks are put forward. */
const SHORT_DAY_MS = 22 * HOUR_MS;
/** Changes that are remembered: six years of days, and more than shapes of hours look back on. */
const MAX_CHANGES = 12;

/** Reads what is remembered of a series' clock. */
export const seriesClockSchema = z.object({
  /** Where the last bucket ended, and since when its hour of the day is shown: `whole` where it is known to have begun then. */
  at: z.object({ endMs: z.number(), sinceMs: z.number(), hour: z.number().int(), whole: z.boolean() }).nullable(),
  /** Where the clock was changed, the latest last, and how much later what lies before is than so many places say. */
  changes: z.array(z.tuple([z.number(), z.number()])).max(MAX_CHANGES),
});

/** What is remembered of a series' clock, as it is kept. */
export type SeriesClockState = z.infer<typeof seriesClockSchema>;

/** The clock by which a series' buckets have their hours. */
export interface SeriesClock {
  /** Goes on to a bucket; where the clock was changed before it, so that an hour is left out or comes again between it and the last, how many places are to stay empty there, else 0. */
  readonly placesLeftBefore: (observation: Observation) => number;
  /** Where a bucket begins that lies so many places before one, those that a change of the clock left empty among them. */
  readonly placesBefore: (observation: Observation, places: number) => number;
  readonly save: () => SeriesClockState;
}

/** How wide buckets are when no clock is changed: days and weeks that are an hour shorter or longer are whole ones. */
const usualWidth = ({ atMs, untilMs }: Observation): number => {
  const width = untilMs - atMs;
  return width < SHORT_DAY_MS ? width : Math.max(1, Math.round(width / DAY_MS)) * DAY_MS;
};

type Shown = NonNullable<SeriesClockState["at"]>;

/** By how many hours a clock was put forward that shows an hour so long after another: none where nobody need have changed it. Which hours it may show is known exactly where either begins. */
const putForward = (hour: number, after: Shown, lastedMs: number): number => {
  const hours = lastedMs / HOUR_MS;
  const most = Math.floor(hours) + (after.whole || Number.isInteger(hours) ? 0 : 1);
  const ahead = (hour - after.hour - Math.floor(hours)) % HOURS_OF_DAY;
  if (ahead === 0 || (hour - after.hour - most) % HOURS_OF_DAY === 0) return 0;
  // Clocks are put forward or back by less than half a day.
  return ((ahead + HOURS_OF_DAY + HOURS_OF_DAY / 2) % HOURS_OF_DAY) - HOURS_OF_DAY / 2;
};

/**
 * Finds changes of the clock by the hours that buckets have: an hour that is left out, or lasts twice as long. Changes of half an hour are found within the hour. Of days and weeks it is the bucket
 * that is shorter or longer, and nothing between two of them. So many places are left empty that the same hour of another day stays a multiple of `step` places away.
 */
export const createSeriesClock = (saved: SeriesClockState | null, step: number): SeriesClock => {
  let at = saved?.at ?? null;
  const changes = [...(saved?.changes ?? [])];
  const remember = (atMs: number, laterMs: number): void => {
    changes.push([atMs, laterMs]);
    if (changes.length > MAX_CHANGES) changes.shift();
  };
  /** By how many hours the clock was put forward before a bucket that is shorter than a day. */
  const turned = ({ atMs, untilMs, hourOfWeek }: Observation): number => {
    const [before, hour] = [at, hourOfWeek % HOURS_OF_DAY];
    if (before === null || before.endMs !== atMs) {
      at = { endMs: untilMs, sinceMs: atMs, hour, whole: false };
      return 0;
    }
    const forward = putForward(hour, before, atMs - before.sinceMs);
    const goesOn = forward === 0 && hour === before.hour;
    at = goesOn ? { ...before, endMs: untilMs } : { endMs: untilMs, sinceMs: atMs, hour, whole: forward === 0 };
    return forward;
  };
  return {
    placesLeftBefore: (observation) => {
      const { atMs, untilMs } = observation;
      const width = usualWidth(observation);
      if (untilMs - atMs >= SHORT_DAY_MS) {
        if (untilMs - atMs !== width) remember(untilMs, width - (untilMs - atMs));
        return 0;
      }
      const forward = turned(observation);
      if (forward === 0) return 0;
      const moved = Math.round((forward * HOUR_MS) / width);
      const left = ((((moved - 1) % step) + step) % step) + 1;
      remember(atMs, left * width);
      return left;
    },
    placesBefore: (observation, places) =>
      changes.reduceRight(
        (ms, [changeMs, laterMs]) => (ms < changeMs && changeMs <= observation.atMs ? ms + laterMs : ms),
        observation.atMs - places * usualWidth(observation),
      ),
    save: () => ({ at, changes: changes.map(([atMs, laterMs]): [number, number] => [atMs, laterMs]) }),
  };
};
