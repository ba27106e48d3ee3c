import type { ZoneClock } from "./zone-clock.ts";

/** A part of an address: `[scheme:]//[user@]host[:port]/path?query#fragment`, or a path alone. Missing where the text is neither. */
export type UrlPart =
  | { readonly kind: "HOST" }
  | { readonly kind: "PATH" }
  /** The n-th of the path's parts that are not empty, from 1. */
  | { readonly kind: "PATH_PART"; readonly number: number };

/** What a clock and a calendar show of a moment. */
export type ClockHand =
  | "MINUTE_OF_HOUR"
  | "HOUR_OF_DAY"
  | "DAY_OF_WEEK"
  | "DAY_OF_MONTH"
  | "WEEK_OF_YEAR"
  | "MONTH_OF_YEAR"
  | "QUARTER_OF_YEAR"
  | "YEAR";

/** What a zone's clock shows of a moment. */
export interface ClockPart {
  readonly kind: "CLOCK";
  readonly hand: ClockHand;
  readonly clock: ZoneClock;
}

/** What a field is of the column it is a part of. */
export type FieldPart = UrlPart | ClockPart;

/** Parts of a path that can be asked for by their number: sites are seldom deeper, and `path` holds all. */
export const MAX_PATH_PARTS = 5;

/** The parts of an address by the names that follow the field's. */
export const URL_PARTS: readonly (readonly [string, UrlPart])[] = [
  ["host", { kind: "HOST" }],
  ["path", { kind: "PATH" }],
  ...Array.from({ length: MAX_PATH_PARTS }, (_part, index): readonly [string, UrlPart] => [
    `path.${index + 1}`,
    { kind: "PATH_PART", number: index + 1 },
  ]),
];

/** The hands of a clock by the names that follow the field's. */
export const CLOCK_HANDS: readonly (readonly [string, ClockHand])[] = [
  ["minuteOfHour", "MINUTE_OF_HOUR"],
  ["hourOfDay", "HOUR_OF_DAY"],
  ["dayOfWeek", "DAY_OF_WEEK"],
  ["dayOfMonth", "DAY_OF_MONTH"],
  ["weekOfYear", "WEEK_OF_YEAR"],
  ["monthOfYear", "MONTH_OF_YEAR"],
  ["quarterOfYear", "QUARTER_OF_YEAR"],
  ["year", "YEAR"],
];
