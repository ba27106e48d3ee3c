import { refuse } from "@tessera/platform/errors/refusal";
import { ACTIVE_WINDOWS, endedPeriods, parseActivity, type ActivityInput, type ActivityQuery } from "../activity.ts";
import type { FieldAccess } from "../fields.ts";
import type { TimeRange } from "../time-range.ts";

/** What a unit was in a period of a lifecycle, as in the SDL. */
export type LifecycleState = "FRESH" | "RETURNING" | "RESURRECTING" | "DORMANT";
/** The days of an answer to `activeUsers` that end with the day it tells of, as in the SDL. */
export type ActiveWindow = "DAILY" | "WEEKLY" | "MONTHLY";

/** Units active in so many periods, of a `stickiness` answer. */
export interface StickinessCellInput {
  readonly periods: number;
  readonly orMore?: boolean;
}

/** Units of a state in a period, of a `lifecycle` answer. */
export interface LifecycleCellInput {
  readonly start: string;
  readonly state: LifecycleState;
}

/** Units active in the days that end with one, of an `activeUsers` answer. */
export interface ActiveUsersCellInput {
  readonly day: string;
  readonly window: ActiveWindow;
}

/** A number of an answer about activity; places are those of the question's calendar. */
export type ActivityCell =
  | { readonly kind: "STICKINESS"; readonly periods: number; readonly orMore: boolean }
  | { readonly kind: "LIFECYCLE"; readonly place: number; readonly state: LifecycleState; readonly events: TimeRange }
  | { readonly kind: "ACTIVE"; readonly events: TimeRange };

/** A validated question about activity, and the number of its answer that is asked about. */
export interface ActivityBehind {
  readonly query: ActivityQuery;
  readonly cell: ActivityCell;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Events are shown as they are, so that a part of the persons has no events of its own to show. */
const requireAll = (query: ActivityQuery): ActivityQuery => {
  if (query.asked.kind === "ALL") return query;
  throw bad("input.sample", "What is behind a number is shown of all persons: leave `sample` and `fast` out.");
};

/** Place in the calendar of the told period that begins at a moment. */
const placeAt = ({ buckets, calendar }: ActivityQuery, start: string, where: string): number => {
  const index = buckets.startsMs.indexOf(Date.parse(start));
  if (index < 0) throw bad(where, "This is the start of no period of the answer: take one as the answer shows it.");
  return calendar.startsMs.length - buckets.startsMs.length + index;
};

/** The moments of the periods from one place of the calendar to another, both with them. */
const between = ({ calendar }: ActivityQuery, from: number, to: number): TimeRange => ({
  fromMs: calendar.startsMs[Math.max(0, from)] ?? calendar.endMs,
  toMs: calendar.startsMs[to + 1] ?? calendar.endMs,
});

/** Reads which units a number of a `stickiness` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseStickinessCell = (
  input: ActivityInput,
  { periods, orMore = false }: StickinessCellInput,
  access: FieldAccess,
): ActivityBehind => {
  const query = requireAll(parseActivity(input, access, { before: 0, period: input.period ?? "DAY" }));
  const most = query.buckets.startsMs.length;
  if (!Number.isInteger(periods) || periods < 1 || periods > most)
    throw bad("cell.periods", `The answer has periods from 1 to ${most}.`);
  return { query, cell: { kind: "STICKINESS", periods, orMore } };
};

/** Reads which units a number of a `lifecycle` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseLifecycleCell = (
  input: ActivityInput,
  { start, state }: LifecycleCellInput,
  access: FieldAccess,
  nowMs: number,
): ActivityBehind => {
  const query = requireAll(parseActivity(input, access, { before: 1, period: input.period ?? "WEEK" }));
  const place = placeAt(query, start, "cell.start");
  if (state === "DORMANT" && endedPeriods(query, nowMs)[place - 1] !== true)
    throw bad("cell.state", "DORMANT is told only of periods that have ended: who is missing may still come.");
  const shown = state === "DORMANT" ? place - 1 : place;
  return { query, cell: { kind: "LIFECYCLE", place, state, events: between(query, shown, shown) } };
};

const DAYS: Readonly<Record<ActiveWindow, number>> = {
  DAILY: 1,
  WEEKLY: ACTIVE_WINDOWS.week,
  MONTHLY: ACTIVE_WINDOWS.month,
};

/** Reads which units a number of an `activeUsers` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseActiveUsersCell = (
  input: ActivityInput,
  { day, window }: ActiveUsersCellInput,
  access: FieldAccess,
): ActivityBehind => {
  const query = requireAll(parseActivity(input, access, { before: ACTIVE_WINDOWS.month - 1, period: "DAY" }));
  const place = placeAt(query, day, "cell.day");
  return { query, cell: { kind: "ACTIVE", events: between(query, place - DAYS[window] + 1, place) } };
};
