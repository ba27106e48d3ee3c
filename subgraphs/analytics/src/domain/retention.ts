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
import { parseField, parseRevealedField, type FieldAccess } from "./fields.ts";
import type { Field } from "./field.ts";
import { parseCount } from "./query.ts";
import { parseTimeRange, type TimeRange } from "./time-range.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";
import type { WithMeanings } from "./semantic/dimension-expression.ts";

/** Which start event begins, as in the SDL. */
export type RetentionStart = "FIRST_IN_RANGE" | "FIRST_EVER" | "EVERY";
/** When a unit counts as having come back, as in the SDL. */
export type RetentionKind = "EXACT" | "ON_OR_AFTER" | "ON_OR_BEFORE";
/** How periods are laid out, as in the SDL. */
export type RetentionClock = "CALENDAR" | "ELAPSED";

/** Periods a column is about: `from` belongs to it, `to` does not. */
export interface RetentionColumn {
  readonly from: number;
  readonly to: number;
}

/** What coming back is worth: revenue of a currency, or a numeric property. */
export interface RetentionValue {
  readonly field: Field;
  readonly currency: string | null;
}

/** Which starts are told field by field. */
export interface RetentionApart {
  /** Values, one list for each of the first fields, of which a start has one; the empty text for none. */
  readonly held: readonly (readonly string[])[];
  /** Values told of each field, of each row. */
  readonly most: number;
}

/** A validated question about retention. */
export interface RetentionQuery {
  readonly range: TimeRange;
  readonly start: EventMatcher;
  readonly returning: EventMatcher;
  readonly startAt: RetentionStart;
  readonly kind: RetentionKind;
  readonly period: CalendarPeriod;
  readonly clock: RetentionClock;
  readonly timeZone: string;
  readonly offsetAt: OffsetAt;
  /** Calendar periods that the range touches: the rows. */
  readonly rows: Buckets;
  /** The same, and those after them that columns reach. */
  readonly calendar: Buckets;
  readonly columns: readonly RetentionColumn[];
  readonly minimum: number;
  readonly value: RetentionValue | null;
  readonly unit: AnalysisUnit;
  readonly splitBy: readonly Field[];
  readonly maxGroups: number;
  readonly cohorts: readonly string[];
  readonly confidence: number;
  readonly asOfMs: number;
  /** Whether starts are told by each field of `splitBy` by itself, and which are; null: by all of them together. */
  readonly apart: RetentionApart | null;
  /** What of all persons is to be looked at. */
  readonly asked: AskedSample;
  /** The part of the persons that is looked at; all until it is known. */
  readonly part: Part;
}

type Maybe<T> = T | null | undefined;

/** A question about retention as the graph delivers it. */
export interface RetentionInput extends SampleInput, WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly start: EventMatcherInput;
  readonly returning: EventMatcherInput;
  readonly startAt?: RetentionStart;
  readonly kind?: RetentionKind;
  readonly period?: CalendarPeriod;
  readonly clock?: RetentionClock;
  readonly timeZone?: string;
  readonly periods?: number;
  readonly brackets?: Maybe<readonly number[]>;
  readonly minimum?: number;
  readonly value?: Maybe<{ readonly of?: string; readonly currency?: Maybe<string> }>;
  readonly unit?: Maybe<AnalysisUnitInput>;
  readonly splitBy?: readonly string[];
  readonly maxGroups?: number;
  readonly cohorts?: readonly string[];
  readonly confidence?: number;
  readonly asOf?: Maybe<string>;
}

/**
 * Bounds of an answer: columns are summed per unit; rows times columns are what a table shows at most; groups times rows are lines the store gives.
 */
export const RETENTION_LIMITS = {
  periods: 120,
  brackets: 61,
  lastPeriod: 1_000,
  rows: 400,
  minimum: 1_000,
  splitFields: 3,
  groups: 100,
  cohorts: 10,
  lines: 20_000,
  /** Values told of each field that starts are told by, of each row: those of the most starts. */
  apartValues: 200,
} as const;

/** Milliseconds of an elapsed period; months have no fixed length. */
export const ELAPSED_MS = { DAY: DAY_MS, WEEK: 7 * DAY_MS } as const;

const CURRENCY = /^[A-Z]{3}$/;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const parseColumns = (input: RetentionInput, where: string): readonly RetentionColumn[] => {
  const brackets = input.brackets ?? null;
  if (brackets === null) {
    const periods = parseCount(input.periods ?? 12, `${where}.periods`, RETENTION_LIMITS.periods);
    return Array.from({ length: periods }, (_, from) => ({ from, to: from + 1 }));
  }
  if (brackets.length < 2 || brackets.length > RETENTION_LIMITS.brackets)
    throw bad(`${where}.brackets`, `\`brackets\` takes 2 to ${RETENTION_LIMITS.brackets} numbers.`);
  return brackets.slice(0, -1).map((from, index) => {
    const to = brackets[index + 1] ?? from;
    if (!Number.isInteger(from) || from < 0 || to <= from || to > RETENTION_LIMITS.lastPeriod)
      throw bad(
        `${where}.brackets.${index + 1}`,
        `\`brackets\` are whole numbers that rise from 0 or more to ${RETENTION_LIMITS.lastPeriod} at most.`,
      );
    return { from, to };
  });
};

const parseValue = (input: RetentionInput["value"], where: string): RetentionValue | null => {
  if (input === null || input === undefined) return null;
  const field = parseField(input.of ?? "revenue", `${where}.of`);
  const currency = input.currency ?? null;
  if (field.kind !== "PROPERTY" && field.name !== "revenue")
    throw bad(`${where}.of`, "A value is `revenue`, or a property with numbers.");
  if (field.kind === "COLUMN" && (currency === null || !CURRENCY.test(currency)))
    throw bad(`${where}.currency`, "Revenue is added up in one `currency`: three letters, ISO 4217.");
  if (field.kind === "PROPERTY" && currency !== null)
    throw bad(`${where}.currency`, "`currency` has no meaning for a property.");
  return { field, currency };
};

/** Rows, and the calendar on to the end of the last column of the last row. */
const parseCalendar = (input: RetentionInput, range: TimeRange, last: number, where: string) => {
  const { period = "DAY", clock = "CALENDAR" } = input;
  const timeZone = parseZone(input.timeZone ?? "UTC", `${where}.timeZone`);
  const offsetAt = zoneOffset(timeZone);
  const rows = bucketsOf(period, range, offsetAt);
  if (rows.startsMs.length > RETENTION_LIMITS.rows)
    throw bad(
      `${where}.range`,
      `The range has ${rows.startsMs.length} rows of one ${period}; ${RETENTION_LIMITS.rows} fit: take a shorter range or longer periods.`,
    );
  if (clock === "ELAPSED" && period === "MONTH")
    throw bad(`${where}.period`, "Months have no fixed length: take DAY or WEEK, or the CALENDAR clock.");
  const longest = { DAY: DAY_MS, WEEK: 7 * DAY_MS, MONTH: 31 * DAY_MS }[period];
  // Clocks change by hours, so that a day more than the periods' own length is enough.
  const reach = { fromMs: range.fromMs, toMs: rows.endMs + last * longest + DAY_MS };
  return { timeZone, offsetAt, rows, calendar: clock === "CALENDAR" ? bucketsOf(period, reach, offsetAt) : rows };
};

const parseSplit = (input: RetentionInput, where: string, access: FieldAccess): readonly Field[] => {
  const names = input.splitBy ?? [];
  if (names.length > RETENTION_LIMITS.splitFields)
    throw bad(`${where}.splitBy`, `\`splitBy\` takes at most ${RETENTION_LIMITS.splitFields} fields.`);
  if (new Set(names).size < names.length) throw bad(`${where}.splitBy`, "`splitBy` names a field twice.");
  return names.map((name, index) => {
    const field = parseRevealedField(name, `${where}.splitBy.${index}`, access);
    if (field.kind !== "PROPERTY" && field.type !== "TEXT")
      throw bad(`${where}.splitBy.${index}`, `\`${name}\` is no text of an event and no property.`);
    return field;
  });
};

const parseCohorts = (input: RetentionInput, unit: AnalysisUnit, where: string): readonly string[] => {
  const ids = input.cohorts ?? [];
  if (ids.length > RETENTION_LIMITS.cohorts)
    throw bad(`${where}.cohorts`, `\`cohorts\` takes at most ${RETENTION_LIMITS.cohorts}.`);
  if (ids.length > 0) requireMembersUnit(unit, `${where}.cohorts`);
  if (ids.length > 0 && (input.splitBy ?? []).length > 0)
    throw bad(`${where}.cohorts`, "Groups are cohorts or fields, not both: leave out `splitBy` or `cohorts`.");
  return ids;
};

/** Reads the moment a question is as of; now when left out, and never later. */
export const parseAsOf = (text: Maybe<string>, where: string, nowMs: number): number => {
  if (text === null || text === undefined) return nowMs;
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || ms < Date.UTC(1971, 0, 1)) throw bad(where, "A moment is RFC 3339, since 1971.");
  if (ms > nowMs) throw bad(where, "What will be is not known yet: take a moment that has passed.");
  return ms;
};

/** What of all persons is to be looked at; what is worth something to few says nothing of all, so that there is no part of values. */
const parsePart = (input: RetentionInput, unit: AnalysisUnit, where: string): AskedSample => {
  const asked = parsePersonsPart(input, unit, where);
  if (asked.kind !== "ALL" && (input.value ?? null) !== null)
    throw bad(`${where}.value`, "Values are of all persons: leave `sample` and `fast` out, or `value`.");
  return asked;
};

/** Validates a question about retention; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseRetention = (
  input: RetentionInput,
  caller: FieldAccess,
  nowMs: number,
  where = "input",
): RetentionQuery => {
  const access = accessIn(caller, input);
  const range = parseTimeRange(input.range, `${where}.range`);
  const columns = parseColumns(input, where);
  const unit = parseAnalysisUnit(input.unit, `${where}.unit`, access);
  const confidence = input.confidence ?? 0.95;
  if (!(confidence >= 0.5 && confidence <= 0.9999))
    throw bad(`${where}.confidence`, "`confidence` is between 0.5 and 0.9999.");
  return {
    ...{ range, columns, unit, confidence },
    ...parseCalendar(input, range, columns.at(-1)?.to ?? 1, where),
    start: parseEventMatcher(input.start, `${where}.start`, access),
    returning: parseEventMatcher(input.returning, `${where}.returning`, access),
    startAt: input.startAt ?? "FIRST_IN_RANGE",
    kind: input.kind ?? "EXACT",
    period: input.period ?? "DAY",
    clock: input.clock ?? "CALENDAR",
    minimum: parseCount(input.minimum ?? 1, `${where}.minimum`, RETENTION_LIMITS.minimum),
    value: parseValue(input.value, `${where}.value`),
    splitBy: parseSplit(input, where, access),
    maxGroups: parseCount(input.maxGroups ?? 20, `${where}.maxGroups`, RETENTION_LIMITS.groups),
    cohorts: parseCohorts(input, unit, where),
    ...{ apart: null, asked: parsePart(input, unit, where), part: WHOLE },
    asOfMs: parseAsOf(input.asOf, `${where}.asOf`, nowMs),
  };
};

/** Periods in which returns count for a column, as {@link RetentionKind} takes them; `to` is null where later ones count too. */
export const countedPeriods = (kind: RetentionKind, { from, to }: RetentionColumn) => {
  switch (kind) {
    case "EXACT":
      return { from, to };
    case "ON_OR_AFTER":
      return { from, to: null };
    case "ON_OR_BEFORE":
      return { from: from === 0 ? 0 : 1, to };
  }
};
