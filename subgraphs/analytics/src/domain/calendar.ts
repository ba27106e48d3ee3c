import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS, HOUR_MS } from "./duration.ts";
import type { TimeRange } from "./time-range.ts";
import type { OffsetAt } from "@tessera/platform/time/zone";

/** Width of calendar buckets, as in the SDL. */
export type Granularity = "NONE" | "MINUTE" | "HOUR" | "DAY" | "WEEK" | "MONTH" | "QUARTER" | "YEAR";

/** Buckets one answer may have: a chart shows fewer, and their starts travel to the store as one parameter. */
export const MAX_BUCKETS = 5_000;

const MINUTE_MS = 60_000;
/** Offsets of today's zones are multiples of a quarter of an hour, so clocks change on this grid. */
const TRANSITION_GRID_MS = 15 * MINUTE_MS;

/** The moment a zone's clocks change inside (lowMs, highMs], where its offset differs between the two. */
const transitionBetween = (lowMs: number, highMs: number, offsetAt: OffsetAt): number => {
  const before = offsetAt(lowMs);
  let [low, high] = [lowMs, highMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
};

/** First moment of a local date (given as that date's midnight in UTC); where clocks skip midnight, the moment they do so. */
export const startOfLocalDate = (dateUtcMs: number, offsetAt: OffsetAt): number => {
  const candidates = [offsetAt(dateUtcMs - DAY_MS), offsetAt(dateUtcMs + DAY_MS)].map((offset) => dateUtcMs - offset);
  const found = candidates.filter((ms) => ms + offsetAt(ms) === dateUtcMs);
  if (found.length > 0) return Math.min(...found);
  return transitionBetween(Math.min(...candidates) - 1, Math.max(...candidates), offsetAt);
};

/** Midnight in UTC of the first date of the calendar unit that a local date lies in, `units` units later. */
const unitStart = (
  unit: Exclude<Granularity, "NONE" | "MINUTE" | "HOUR">,
  dateUtcMs: number,
  units: number,
): number => {
  const date = new Date(dateUtcMs);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (unit) {
    case "DAY":
      return Date.UTC(year, month, day + units);
    case "WEEK":
      return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7) + 7 * units);
    case "MONTH":
      return Date.UTC(year, month + units, 1);
    case "QUARTER":
      return Date.UTC(year, month - (month % 3) + 3 * units, 1);
    case "YEAR":
      return Date.UTC(year + units, 0, 1);
  }
};

const floorTo = (value: number, step: number): number => Math.floor(value / step) * step;

const startOfLocalHour = (ms: number, offsetAt: OffsetAt): number => {
  const offset = offsetAt(ms);
  const start = floorTo(ms + offset, HOUR_MS) - offset;
  return offsetAt(start) === offset ? start : transitionBetween(start, ms, offsetAt);
};

/** The next full hour on the zone's clock, or the moment it changes to another hour's reading. */
const nextLocalHour = (startMs: number, offsetAt: OffsetAt): number => {
  const offset = offsetAt(startMs);
  const next = floorTo(startMs + offset, HOUR_MS) + HOUR_MS - offset;
  if (offsetAt(next) === offset) return next;
  const hour = floorTo(startMs + offset, HOUR_MS);
  for (let ms = floorTo(startMs, TRANSITION_GRID_MS) + TRANSITION_GRID_MS; ms < next; ms += TRANSITION_GRID_MS) {
    const local = ms + offsetAt(ms);
    if (local % HOUR_MS === 0 || floorTo(local, HOUR_MS) !== hour) return ms;
  }
  return next;
};

const startOfHour = (ms: number, hours: number, offsetAt: OffsetAt): number => {
  let start = startOfLocalHour(ms, offsetAt);
  for (let count = 0; count < hours; count += 1) start = nextLocalHour(start, offsetAt);
  for (let count = 0; count > hours; count -= 1) start = startOfLocalHour(start - 1, offsetAt);
  return start;
};

/** A unit of the calendar or the clock, as in the SDL. */
export type CalendarUnit = Exclude<Granularity, "NONE">;

/** First moment of the unit that comes `units` units after the one a moment lies in, or before it where negative, on the zone's calendar and clock. */
export const startOfUnit = (unit: CalendarUnit, ms: number, units: number, offsetAt: OffsetAt): number => {
  if (unit === "MINUTE") return floorTo(ms, MINUTE_MS) + units * MINUTE_MS;
  if (unit === "HOUR") return startOfHour(ms, units, offsetAt);
  const localDate = floorTo(ms + offsetAt(ms), DAY_MS);
  return startOfLocalDate(unitStart(unit, localDate, units), offsetAt);
};

/** Consecutive buckets: the starts, and the end of the last one; milliseconds since the epoch. */
export interface Buckets {
  readonly startsMs: readonly number[];
  readonly endMs: number;
}

/**
 * The calendar buckets of a zone that a range touches: days are 23 or 25 hours long where clocks change, weeks begin on Monday (ISO 8601).
 * Refuses more than {@link MAX_BUCKETS} with BAD_INPUT at `field`.
 */
export const bucketsOf = (
  granularity: Granularity,
  range: TimeRange,
  offsetAt: OffsetAt,
  field = "input.granularity",
): Buckets => {
  const startsMs: number[] = [];
  if (granularity === "NONE") throw new Error("Buckets have a width.");
  let start = startOfUnit(granularity, range.fromMs, 0, offsetAt);
  while (start < range.toMs) {
    if (startsMs.length >= MAX_BUCKETS)
      throw refuse(
        "BAD_INPUT",
        `The range has more than ${MAX_BUCKETS} buckets of one ${granularity}: take wider ones.`,
        { field },
      );
    startsMs.push(start);
    start = startOfUnit(granularity, start, 1, offsetAt);
  }
  return { startsMs, endMs: start };
};
