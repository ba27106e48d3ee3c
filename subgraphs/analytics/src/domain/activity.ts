import { refuse } from "@tessera/platform/errors/refusal";
import { requireMembersUnit } from "./cohort-unit.ts";
import { parseAnalysisUnit, type AnalysisUnit, type AnalysisUnitInput } from "./analysis-unit.ts";
import { WHOLE, type Part } from "./asked-part.ts";
import { parsePersonsPart, type AskedSample, type SampleInput } from "./asked-sample.ts";
import { bucketsOf, type Buckets } from "./calendar.ts";
import { parseZone, type CalendarPeriod } from "./cohort-window.ts";
import { DAY_MS } from "./duration.ts";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "./event-matcher.ts";
import { accessIn } from "./access-in.ts";
import type { FieldAccess } from "./fields.ts";
import { parseCount } from "./query.ts";
import { parseTimeRange, type TimeRange } from "./time-range.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";
import { formatInZone } from "./zone.ts";
import type { WithMeanings } from "./semantic/dimension-expression.ts";

/** A validated question about who was active when. */
export interface ActivityQuery {
  readonly event: EventMatcher;
  readonly unit: AnalysisUnit;
  readonly period: CalendarPeriod;
  readonly timeZone: string;
  readonly offsetAt: OffsetAt;
  /** The calendar periods that are told of. */
  readonly buckets: Buckets;
  /** The same and those before them that are looked at, in one calendar. */
  readonly calendar: Buckets;
  /** What is read; begins with the calendar. */
  readonly reach: TimeRange;
  /** Events it takes to be active in a period. */
  readonly minimum: number;
  /** People of this cohort alone; null for everybody. */
  readonly cohortId: string | null;
  /** What of all persons is to be looked at. */
  readonly asked: AskedSample;
  /** The part of the persons that is looked at; all until it is known. */
  readonly part: Part;
}

/** A question about activity as the graph delivers it. */
export interface ActivityInput extends SampleInput, WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly event: EventMatcherInput;
  readonly period?: CalendarPeriod;
  readonly timeZone?: string;
  readonly minimum?: number;
  readonly unit?: AnalysisUnitInput | null | undefined;
  readonly cohort?: string | null | undefined;
}

/** Calendar periods one answer may have, more than a year of days: the store counts each unit in each. */
export const MAX_ACTIVITY_PERIODS = 400;
/** Calendar days of the longer windows of `activeUsers`, each ending with the day it is told of. */
export const ACTIVE_WINDOWS = { week: 7, month: 30 } as const;
const MAX_MINIMUM = 1_000;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Validates a question about activity; `before` is how many periods before the range are looked at. Refuses with BAD_INPUT or FORBIDDEN. */
export const parseActivity = (
  input: ActivityInput,
  caller: FieldAccess,
  { before, period }: { readonly before: number; readonly period: CalendarPeriod },
): ActivityQuery => {
  const access = accessIn(caller, input);
  const range = parseTimeRange(input.range, "input.range");
  const timeZone = parseZone(input.timeZone ?? "UTC", "input.timeZone");
  const offsetAt = zoneOffset(timeZone);
  const unit = parseAnalysisUnit(input.unit, "input.unit", access);
  const buckets = bucketsOf(period, range, offsetAt);
  if (buckets.startsMs.length > MAX_ACTIVITY_PERIODS)
    throw bad(
      "input.range",
      `The range has ${buckets.startsMs.length} periods of one ${period}; ${MAX_ACTIVITY_PERIODS} fit: take a shorter range or longer periods.`,
    );
  const cohortId = input.cohort ?? null;
  if (cohortId !== null) requireMembersUnit(unit, "input.cohort");
  const longestMs = { DAY: DAY_MS, WEEK: 7 * DAY_MS, MONTH: 31 * DAY_MS }[period];
  const firstMs = buckets.startsMs[0] ?? range.fromMs;
  const wide = bucketsOf(period, { fromMs: firstMs - before * longestMs - DAY_MS, toMs: buckets.endMs }, offsetAt);
  const startsMs = wide.startsMs.slice(-(buckets.startsMs.length + before));
  return {
    ...{ unit, period, timeZone, offsetAt, buckets, cohortId },
    event: parseEventMatcher(input.event, "input.event", access),
    calendar: { startsMs, endMs: buckets.endMs },
    reach: { fromMs: startsMs[0] ?? firstMs, toMs: buckets.endMs },
    ...{ asked: parsePersonsPart(input, unit), part: WHOLE },
    minimum: parseCount(input.minimum ?? 1, "input.minimum", MAX_MINIMUM),
  };
};

/** Starts of the periods that are told of, in their zone. */
export const startsOf = ({ buckets, offsetAt }: ActivityQuery): readonly string[] =>
  buckets.startsMs.map((ms) => formatInZone(ms, offsetAt));

/** Which of the periods that are told of had ended. */
export const endedPeriods = ({ buckets }: ActivityQuery, asOfMs: number): readonly boolean[] =>
  buckets.startsMs.map((_start, index) => (buckets.startsMs[index + 1] ?? buckets.endMs) <= asOfMs);
