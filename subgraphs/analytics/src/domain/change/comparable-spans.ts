import { DAY_MS } from "../duration.ts";
import type { TimeRange } from "../time-range.ts";
import type { OffsetAt } from "@tessera/platform/time/zone";

/** Spans a change is compared with when none are named. */
const COMPARED_SPANS = 4;
/** Days of a week. */
const WEEK = 7;

/** How comparable spans lie before a span. */
export type SpanRhythm = "WEEKS" | "DAYS" | "PRECEDING";

/** The moment that a zone's clock showed the same time of day at, so many days before. */
const daysBefore = (ms: number, days: number, offsetAt: OffsetAt): number => {
  const shown = ms + offsetAt(ms) - days * DAY_MS;
  return shown - offsetAt(shown - offsetAt(ms));
};

/**
 * Rhythms of comparable spans before one, with the spans, the latest first; the most comparable rhythm first: the same time of the week on the zone's clock in the weeks before (every so many weeks for
 * what is longer than one), the same time of the days before for what is no longer than a day, and what directly preceded.
 */
export const comparableSpans = (
  { fromMs, toMs }: TimeRange,
  offsetAt: OffsetAt,
): readonly (readonly [SpanRhythm, readonly TimeRange[]])[] => {
  const length = toMs - fromMs;
  const every = (days: number): readonly TimeRange[] =>
    Array.from({ length: COMPARED_SPANS }, (_, index) => {
      const back = (index + 1) * days;
      return { fromMs: daysBefore(fromMs, back, offsetAt), toMs: daysBefore(toMs, back, offsetAt) };
    });
  const preceding = Array.from({ length: COMPARED_SPANS }, (_, index) => ({
    fromMs: fromMs - (index + 1) * length,
    toMs: fromMs - index * length,
  }));
  return [
    ["WEEKS", every(WEEK * Math.max(1, Math.ceil(length / (WEEK * DAY_MS))))],
    ...(length > DAY_MS ? [] : ([["DAYS", every(1)]] as const)),
    ["PRECEDING", preceding],
  ];
};
