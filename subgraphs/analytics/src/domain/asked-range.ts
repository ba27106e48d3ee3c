import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_BUCKETS, startOfUnit, type CalendarUnit } from "./calendar.ts";
import { parseZone } from "./cohort-window.ts";
import { parseDuration, SECOND_MS } from "./duration.ts";
import { MAX_RANGE_MS, parseTimeRange, type TimeRange } from "./time-range.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";
import { formatInZone, isoTime } from "./zone.ts";

type Maybe<T> = T | null | undefined;

/** Where a range of calendar units ends, as in the SDL. */
export type CalendarRangeEnd = "BEFORE_CURRENT" | "NOW" | "WITH_CURRENT";

/** Whole units of a calendar, counted from now, as the graph delivers them. */
export interface CalendarRangeInput {
  readonly unit: CalendarUnit;
  readonly count?: number;
  readonly ending?: CalendarRangeEnd;
  readonly ago?: number;
  readonly timeZone?: Maybe<string>;
}

/** A range as the graph delivers it: by its moments, or by what it is now. */
export interface TimeRangeInput {
  readonly from?: Maybe<string>;
  readonly to?: Maybe<string>;
  readonly calendar?: Maybe<CalendarRangeInput>;
  readonly sliding?: Maybe<string>;
}

/** A range by both its moments, RFC 3339. */
export interface AbsoluteRange {
  readonly from: string;
  readonly to: string;
}

/** Units a range reaches back: what an answer has buckets for. */
const MAX_UNITS = MAX_BUCKETS;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const unitsOf = (value: number, where: string, least: number): number => {
  if (Number.isInteger(value) && value >= least && value <= MAX_UNITS) return value;
  throw bad(where, `\`${where}\` is a whole number from ${least} to ${MAX_UNITS.toLocaleString("en-US")}.`);
};

const calendarRange = (input: CalendarRangeInput, nowMs: number, offsetAt: OffsetAt, where: string): TimeRange => {
  const { unit, ending = "BEFORE_CURRENT" } = input;
  const count = unitsOf(input.count ?? 1, `${where}.count`, 1);
  const ago = unitsOf(input.ago ?? 0, `${where}.ago`, 0);
  if (ending === "NOW" && ago > 0)
    throw bad(`${where}.ago`, "A range up to now can't lie further back: take another `ending`, or leave `ago` out.");
  const last = (ending === "BEFORE_CURRENT" ? -1 : 0) - ago;
  const fromMs = startOfUnit(unit, nowMs, last - count + 1, offsetAt);
  // At the very first moment of a unit, its part up to now is that moment.
  const toMs = ending === "NOW" ? Math.max(nowMs, fromMs + 1) : startOfUnit(unit, nowMs, last + 1, offsetAt);
  return { fromMs, toMs };
};

const sinceMoment = (from: string, to: Maybe<string>, nowMs: number, where: string): AbsoluteRange => {
  if (to !== null && to !== undefined) return { from, to };
  if (Date.parse(from) >= nowMs)
    throw bad(`${where}.from`, "A range without `to` ends now, and `from` is not in the past: give it a `to`.");
  return { from, to: isoTime(nowMs) };
};

/** The zone a range is laid out in: that of its calendar units, else the question's. */
const zoneOf = ({ calendar }: TimeRangeInput, questionZone: string, where: string): string => {
  const own = calendar?.timeZone ?? null;
  return own === null ? parseZone(questionZone, "input.timeZone") : parseZone(own, `${where}.calendar.timeZone`);
};

/**
 * The moments a range is of at `nowMs`, its units being those of the zone; an absolute one stays as it is. Refuses with BAD_INPUT what is not exactly
 * one of the ways to say a range, and a range that no question may have.
 */
export const absoluteRange = (
  input: TimeRangeInput,
  nowMs: number,
  questionZone: string,
  where: string,
): AbsoluteRange => {
  const { from = null, to = null, calendar = null, sliding = null } = input;
  if ([from ?? to, calendar, sliding].filter((way) => way !== null).length !== 1)
    throw bad(where, "A range is exactly one of `from` (with `to`, or up to now), `calendar` and `sliding`.");
  if (from !== null) return sinceMoment(from, to, nowMs, where);
  if (to !== null) throw bad(`${where}.from`, "`to` needs `from`, where the range begins.");
  const offsetAt = zoneOffset(zoneOf(input, questionZone, where));
  const { fromMs, toMs } =
    calendar === null
      ? {
          fromMs: nowMs - parseDuration(sliding ?? "", `${where}.sliding`, { minMs: SECOND_MS, maxMs: MAX_RANGE_MS }),
          toMs: nowMs,
        }
      : calendarRange(calendar, nowMs, offsetAt, `${where}.calendar`);
  const range = { from: isoTime(fromMs), to: isoTime(toMs) };
  parseTimeRange(range, where);
  return range;
};

/** A range as an answer tells it: with the offsets its zone has at both moments. */
export const toldRange = ({ from, to }: AbsoluteRange, timeZone: string): AbsoluteRange => {
  const offsetAt = zoneOffset(timeZone);
  return { from: formatInZone(Date.parse(from), offsetAt), to: formatInZone(Date.parse(to), offsetAt) };
};
