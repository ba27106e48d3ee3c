import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS } from "./duration.ts";

/** A half-open range of time, milliseconds since the epoch: `fromMs` belongs to it, `toMs` does not. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Longest range one question may span; ten years of hourly rollups are still read in well under a second. */
export const MAX_RANGE_MS = 3_660 * DAY_MS;
/** First and last moment a range may touch: what the store's DateTime can hold, with room for the calendar bucket around it. */
const EARLIEST_MS = Date.UTC(1971, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

/** Reads a range of RFC 3339 moments; refuses an empty, reversed, too long or unheard-of one with BAD_INPUT. */
export const parseTimeRange = (input: { readonly from: string; readonly to: string }, field: string): TimeRange => {
  const range = { fromMs: Date.parse(input.from), toMs: Date.parse(input.to) };
  if (!(range.fromMs >= EARLIEST_MS && range.toMs <= LATEST_MS))
    throw refuse("BAD_INPUT", `\`${field}\` must lie between the years 1971 and 2100.`, { field });
  if (range.fromMs >= range.toMs)
    throw refuse("BAD_INPUT", `\`${field}.from\` must be earlier than \`${field}.to\`.`, { field: `${field}.from` });
  if (range.toMs - range.fromMs > MAX_RANGE_MS)
    throw refuse("BAD_INPUT", `\`${field}\` must not be longer than 10 years.`, { field });
  return range;
};

/** The part of a range that a grid of equal steps from the epoch covers wholly; null when no step fits. */
export const wholeSteps = (range: TimeRange, stepMs: number): TimeRange | null => {
  const fromMs = Math.ceil(range.fromMs / stepMs) * stepMs;
  const toMs = Math.floor(range.toMs / stepMs) * stepMs;
  return fromMs < toMs ? { fromMs, toMs } : null;
};

const WEEK_MS = 7 * DAY_MS;
/** The first Monday since the epoch. */
const MONDAY_MS = 4 * DAY_MS;

/** The part of a range that whole weeks of UTC from Monday cover; null when there is none. */
export const wholeWeeks = ({ fromMs, toMs }: TimeRange): TimeRange | null => {
  const weeks = wholeSteps({ fromMs: fromMs - MONDAY_MS, toMs: toMs - MONDAY_MS }, WEEK_MS);
  return weeks === null ? null : { fromMs: weeks.fromMs + MONDAY_MS, toMs: weeks.toMs + MONDAY_MS };
};

/** Whether a moment is the beginning of a week of UTC from Monday. */
export const isMonday = (ms: number): boolean => (ms - MONDAY_MS) % WEEK_MS === 0;
