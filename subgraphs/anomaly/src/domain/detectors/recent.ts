import { z } from "zod";
import type { Observation } from "./detector.ts";
import { packBytes, packedNumbers, packNumbers, unpackBytes, unpackNumbers } from "./packed.ts";

/** Buckets any detector remembers at most: a week of minutes, four hundred days of hours. State grows by ten bytes with each. */
export const MAX_REMEMBERED = 10_080;

/** Reads what is remembered of a series' latest buckets. */
export const recentSchema = z.object({
  keep: z.number().int().min(0).max(MAX_REMEMBERED),
  /** Buckets that follow each other: where the first begins, how far apart they are, how many. */
  runs: z.array(z.tuple([z.number(), z.number(), z.number().int().min(1).max(MAX_REMEMBERED)])).max(MAX_REMEMBERED),
  values: packedNumbers(MAX_REMEMBERED),
  hours: z.string().max(2 * MAX_REMEMBERED),
});

/** What is remembered of a series' latest buckets, as it is kept. */
export type RecentState = z.infer<typeof recentSchema>;

/** A series' latest buckets; 0 ago is the latest. A bucket that holds nothing has the value NaN. */
export interface Recent {
  /** Remembers a bucket, and as many before it as are asked for. */
  readonly put: (observation: Observation, keep: number) => void;
  /** How many are remembered. */
  readonly held: () => number;
  readonly valueAgo: (ago: number) => number;
  readonly atMsAgo: (ago: number) => number;
  readonly hourAgo: (ago: number) => number;
  /** How long ago the bucket that begins at a moment is; null when it is not remembered. */
  readonly agoOf: (atMs: number) => number | null;
  readonly save: () => RecentState;
}

type Run = RecentState["runs"][number];

const runsOf = (times: readonly number[]): Run[] => {
  const runs: Run[] = [];
  for (const [place, atMs] of times.entries()) {
    const last = runs.at(-1);
    const step = atMs - (times[place - 1] ?? atMs);
    if (last === undefined || (last[2] > 1 && step !== last[1])) runs.push([atMs, 0, 1]);
    else runs[runs.length - 1] = [last[0], step, last[2] + 1];
  }
  return runs;
};

const timesOf = (runs: readonly Run[]): number[] =>
  runs.flatMap(([first, step, count]) => Array.from({ length: count }, (_, place) => first + place * step));

/** The latest buckets of a series, as many as was ever asked for and never more than {@link MAX_REMEMBERED}. */
export const createRecent = (saved: RecentState | null): Recent => {
  const times = timesOf(saved?.runs ?? []);
  const values = unpackNumbers(saved?.values ?? "").slice(0, times.length);
  const hours = unpackBytes(saved?.hours ?? "").slice(0, times.length);
  let keep = saved?.keep ?? 0;
  const held = (): number => Math.min(keep, times.length);
  /** What is no longer remembered goes, but not one by one. */
  const drop = (): void => {
    if (times.length < 2 * keep) return;
    for (const column of [times, values, hours]) column.splice(0, column.length - keep);
  };
  /** The latest bucket that begins no later than a moment, by its place. */
  const notAfter = (atMs: number): number => {
    let [from, to] = [0, times.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((times[middle] ?? 0) <= atMs) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  };
  return {
    put: ({ atMs, value, hourOfWeek }, asked) => {
      keep = Math.min(MAX_REMEMBERED, Math.max(keep, asked));
      times.push(atMs);
      values.push(value ?? Number.NaN);
      hours.push(hourOfWeek);
      drop();
    },
    held,
    valueAgo: (ago) => (ago < held() ? (values[values.length - 1 - ago] ?? Number.NaN) : Number.NaN),
    atMsAgo: (ago) => times[times.length - 1 - ago] ?? Number.NaN,
    hourAgo: (ago) => hours[hours.length - 1 - ago] ?? 0,
    agoOf: (atMs) => {
      const place = notAfter(atMs);
      const ago = times.length - 1 - place;
      return place >= 0 && times[place] === atMs && ago < held() ? ago : null;
    },
    save: () => {
      const from = times.length - held();
      return {
        keep,
        runs: runsOf(times.slice(from)),
        values: packNumbers(values.slice(from)),
        hours: packBytes(hours.slice(from)),
      };
    },
  };
};
