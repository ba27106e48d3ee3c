import { refuse } from "@tessera/platform/errors/refusal";
import { bucketsOf, type Granularity } from "../calendar.ts";
import { parseZone } from "../cohort-window.ts";
import { parseTimeRange } from "../time-range.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";
import { formatInZone, isoTime } from "../zone.ts";

/** Widths that the buckets of a watched series may have: those that are judged again and again, and each of which ends. */
export const WATCHED_GRANULARITIES = ["MINUTE", "HOUR", "DAY", "WEEK"] as const;
/** One of {@link WATCHED_GRANULARITIES}. */
export type WatchedGranularity = (typeof WATCHED_GRANULARITIES)[number];

/** Bounds of a question for series: series are rows of whoever keeps them, points are what one answer carries. */
export const WATCHED_LIMITS = { series: 1_000, points: 100_000 } as const;

/** One whole bucket, milliseconds since the epoch; its end is outside it. */
export interface WatchedBucket {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The whole buckets of a range, oldest first; none where the range is shorter than one. */
export interface WatchedWindow {
  readonly granularity: WatchedGranularity;
  readonly timeZone: string;
  readonly offsetAt: OffsetAt;
  readonly buckets: readonly WatchedBucket[];
  readonly fromMs: number;
  readonly toMs: number;
}

const isWatched = (granularity: Granularity): granularity is WatchedGranularity =>
  WATCHED_GRANULARITIES.some((known) => known === granularity);

/** Reads the whole buckets that lie between two moments; refuses with BAD_INPUT. */
export const parseWatchedWindow = (input: {
  readonly from: string;
  readonly to: string;
  readonly granularity: Granularity;
  readonly timeZone?: string;
}): WatchedWindow => {
  const { granularity } = input;
  if (!isWatched(granularity))
    throw refuse("BAD_INPUT", `The buckets of a series are one of ${WATCHED_GRANULARITIES.join(", ")} wide.`, {
      field: "input.granularity",
    });
  const timeZone = parseZone(input.timeZone ?? "UTC", "input.timeZone");
  const offsetAt = zoneOffset(timeZone);
  const range = parseTimeRange(input, "input");
  const { startsMs, endMs } = bucketsOf(granularity, range, offsetAt);
  const buckets = startsMs
    .map((fromMs, index) => ({ fromMs, toMs: startsMs[index + 1] ?? endMs }))
    .filter(({ fromMs, toMs }) => fromMs >= range.fromMs && toMs <= range.toMs);
  return {
    granularity,
    timeZone,
    offsetAt,
    buckets,
    fromMs: buckets[0]?.fromMs ?? range.fromMs,
    toMs: buckets.at(-1)?.toMs ?? range.fromMs,
  };
};

/** Some consecutive buckets of a window as the range of a question. */
export const rangeOfBuckets = (buckets: readonly WatchedBucket[]): { readonly from: string; readonly to: string } => ({
  from: isoTime(buckets[0]?.fromMs ?? 0),
  to: isoTime(buckets.at(-1)?.toMs ?? 0),
});

/** A moment on the clock of a window's zone. */
export const toldMoment = ({ offsetAt }: WatchedWindow, ms: number): string => formatInZone(ms, offsetAt);
