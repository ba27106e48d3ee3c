import { refuse } from "@tessera/platform/errors/refusal";
import { bucketsOf } from "./calendar.ts";
import { DAY_MS, parseDuration } from "./duration.ts";
import type { TimeRange } from "./time-range.ts";
import { zoneOffset } from "@tessera/platform/time/zone";

/** Where "any time" begins, milliseconds since the epoch: the earliest moment a question may touch. */
export const EVERYTHING_SINCE_MS = Date.UTC(1971, 0, 1);

/** Periods of the calendar, as in the SDL. */
export type CalendarPeriod = "DAY" | "WEEK" | "MONTH";

/** When something happened, up to the moment a cohort is of. */
export type CohortWindow =
  | { readonly kind: "EVER" }
  | { readonly kind: "LAST"; readonly ms: number }
  | {
      readonly kind: "PERIODS";
      readonly count: number;
      readonly period: CalendarPeriod;
      readonly timeZone: string;
    }
  | { readonly kind: "FIXED"; readonly fromMs: number; readonly toMs: number | null };

type Maybe<T> = T | null | undefined;

/** A window as the graph delivers it. */
export interface CohortWindowInput {
  readonly last?: Maybe<string>;
  readonly lastPeriods?: Maybe<number>;
  readonly period?: CalendarPeriod;
  readonly timeZone?: string;
  readonly from?: Maybe<string>;
  readonly to?: Maybe<string>;
}

const LAST_BOUNDS = { minMs: 60_000, maxMs: 3_660 * DAY_MS } as const;
/** Most calendar periods a window reaches back: ten years of days. */
const MAX_PERIODS = 3_660;
/** Longest any period of a kind is, in milliseconds, with room for a change of clocks. */
const LONGEST_MS: Readonly<Record<CalendarPeriod, number>> = {
  DAY: 26 * 3_600_000,
  WEEK: 8 * DAY_MS,
  MONTH: 32 * DAY_MS,
};

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Refuses a name that is no IANA zone with BAD_INPUT. */
export const parseZone = (name: string, where: string): string => {
  try {
    zoneOffset(name);
    return name;
  } catch {
    throw bad(where, "There is no such time zone; take an IANA name such as Europe/Berlin.");
  }
};

const parsePeriods = (count: number, input: CohortWindowInput, where: string): CohortWindow => {
  const { period = "DAY", timeZone = "UTC" } = input;
  if (!Number.isInteger(count) || count < 1 || count > MAX_PERIODS)
    throw bad(`${where}.lastPeriods`, `\`lastPeriods\` is 1 to ${MAX_PERIODS}.`);
  if (count * LONGEST_MS[period] > LAST_BOUNDS.maxMs + LONGEST_MS[period])
    throw bad(`${where}.lastPeriods`, "A window reaches back ten years at most.");
  return { kind: "PERIODS", count, period, timeZone: parseZone(timeZone, `${where}.timeZone`) };
};

const parseFixed = (from: Maybe<string>, to: Maybe<string>, where: string): CohortWindow => {
  const [fromMs, toMs] = [from, to].map((text) => (text === null || text === undefined ? null : Date.parse(text)));
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) throw bad(where, "A moment is RFC 3339, with an offset.");
  if (toMs !== null && toMs !== undefined && (fromMs ?? EVERYTHING_SINCE_MS) >= toMs)
    throw bad(`${where}.from`, "`from` must be earlier than `to`.");
  return { kind: "FIXED", fromMs: fromMs ?? EVERYTHING_SINCE_MS, toMs: toMs ?? null };
};

/** Validates a window that stands at `where`; any time when left out. Refuses with BAD_INPUT. */
export const parseCohortWindow = (input: Maybe<CohortWindowInput>, where: string): CohortWindow => {
  const last = input?.last ?? null;
  const periods = input?.lastPeriods ?? null;
  const fixed = (input?.from ?? input?.to ?? null) !== null;
  if ([last !== null, periods !== null, fixed].filter(Boolean).length > 1)
    throw bad(where, "A window is one of `last`, `lastPeriods` and `from`/`to`.");
  if (last !== null) return { kind: "LAST", ms: parseDuration(last, `${where}.last`, LAST_BOUNDS) };
  if (periods !== null) return parsePeriods(periods, input ?? {}, where);
  return fixed ? parseFixed(input?.from, input?.to, where) : { kind: "EVER" };
};

/** The range a window is at a moment: never beyond the moment; empty (from = to) for a window that begins later. */
export const rangeOfWindow = (window: CohortWindow, asOfMs: number): TimeRange => {
  switch (window.kind) {
    case "EVER":
      return { fromMs: EVERYTHING_SINCE_MS, toMs: asOfMs };
    case "LAST":
      return { fromMs: Math.max(EVERYTHING_SINCE_MS, asOfMs - window.ms), toMs: asOfMs };
    case "PERIODS": {
      const { count, period, timeZone } = window;
      // The moment itself is not before the moment: a cohort as of midnight looks at the day that has just ended.
      const reach = { fromMs: asOfMs - 1 - count * LONGEST_MS[period], toMs: asOfMs };
      const start = bucketsOf(period, reach, zoneOffset(timeZone)).startsMs.at(-count) ?? reach.fromMs;
      return { fromMs: Math.max(EVERYTHING_SINCE_MS, start), toMs: asOfMs };
    }
    case "FIXED": {
      const toMs = Math.min(window.toMs ?? asOfMs, asOfMs);
      return { fromMs: Math.min(window.fromMs, toMs), toMs };
    }
  }
};
