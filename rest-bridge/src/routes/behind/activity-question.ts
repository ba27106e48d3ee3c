import { Type, type Static } from "typebox";
import type {
  ActiveUsersInput,
  CalendarPeriod,
  LifecycleInput,
  RetentionClock,
  RetentionInput,
  RetentionKind,
  RetentionStart,
  StickinessInput,
} from "../../generated/graphql.ts";
import { moment } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { rangeSchema, toRange } from "../../http/question-parts.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher, toUnit, unitSchema } from "../realtime-query/matcher.ts";

const PERIODS = { day: "DAY", week: "WEEK", month: "MONTH" } as const satisfies Record<string, CalendarPeriod>;
const STARTS = {
  first_in_range: "FIRST_IN_RANGE",
  first_ever: "FIRST_EVER",
  every: "EVERY",
} as const satisfies Record<string, RetentionStart>;
const KINDS = {
  exact: "EXACT",
  on_or_after: "ON_OR_AFTER",
  on_or_before: "ON_OR_BEFORE",
} as const satisfies Record<string, RetentionKind>;
const CLOCKS = { calendar: "CALENDAR", elapsed: "ELAPSED" } as const satisfies Record<string, RetentionClock>;

/** Characters of a name of a field or a zone. */
const MAX_NAME = 512;
/** What the graph takes of each: brackets, fields that tell groups apart, cohorts. */
const MAX_BRACKETS = 61;
const MAX_FIELDS = 3;
const MAX_COHORTS = 10;

const text = (coordinate: string) => Type.Optional(Type.String({ maxLength: MAX_NAME, ...from(coordinate) }));
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));
const id = (coordinate: string) => Type.Optional(Type.String({ format: "uuid", ...from(coordinate) }));
const period = (coordinate: string) => Type.Optional(Type.Enum(["day", "week", "month"], from(coordinate)));

/** A question about retention. */
export const retentionQuestionSchema = Type.Object(
  {
    range: rangeSchema("RetentionInput.range"),
    start: matcherSchema,
    returning: matcherSchema,
    start_at: Type.Optional(Type.Enum(["first_in_range", "first_ever", "every"], from("RetentionInput.startAt"))),
    kind: Type.Optional(Type.Enum(["exact", "on_or_after", "on_or_before"], from("RetentionInput.kind"))),
    period: period("RetentionInput.period"),
    clock: Type.Optional(Type.Enum(["calendar", "elapsed"], from("RetentionInput.clock"))),
    time_zone: text("RetentionInput.timeZone"),
    periods: whole("RetentionInput.periods"),
    brackets: Type.Optional(Type.Array(Type.Integer(), { maxItems: MAX_BRACKETS, ...from("RetentionInput.brackets") })),
    minimum: whole("RetentionInput.minimum"),
    unit: Type.Optional(unitSchema),
    split_by: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_FIELDS, ...from("RetentionInput.splitBy") }),
    ),
    cohorts: Type.Optional(
      Type.Array(Type.String({ format: "uuid" }), { maxItems: MAX_COHORTS, ...from("RetentionInput.cohorts") }),
    ),
    as_of: Type.Optional(moment(from("RetentionInput.asOf"))),
  },
  { additionalProperties: false, title: "RetentionQuestion", ...from("RetentionInput") },
);

/** A question about retention in the graph's words. */
export const toRetentionInput = (question: Static<typeof retentionQuestionSchema>): RetentionInput => {
  const { start_at: startAt, kind, clock, unit, split_by: splitBy, as_of: asOf } = question;
  const { time_zone: timeZone, periods, brackets, minimum, cohorts } = question;
  return {
    ...{ range: toRange(question.range), start: toMatcher(question.start), returning: toMatcher(question.returning) },
    ...(startAt === undefined ? {} : { startAt: STARTS[startAt] }),
    ...(kind === undefined ? {} : { kind: KINDS[kind] }),
    ...(question.period === undefined ? {} : { period: PERIODS[question.period] }),
    ...(clock === undefined ? {} : { clock: CLOCKS[clock] }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(periods === undefined ? {} : { periods }),
    ...(brackets === undefined ? {} : { brackets }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(unit === undefined ? {} : { unit: toUnit(unit) }),
    ...(splitBy === undefined ? {} : { splitBy: splitBy.map(toFieldName) }),
    ...(cohorts === undefined ? {} : { cohorts }),
    ...(asOf === undefined ? {} : { asOf }),
  };
};

const activity = (input: string) => ({
  range: rangeSchema(`${input}.range`),
  event: matcherSchema,
  time_zone: text(`${input}.timeZone`),
  unit: Type.Optional(unitSchema),
  cohort: id(`${input}.cohort`),
});

/** A question about active users. */
export const activeUsersQuestionSchema = Type.Object(activity("ActiveUsersInput"), {
  ...{ additionalProperties: false, title: "ActiveUsersQuestion", ...from("ActiveUsersInput") },
});
/** A question about lifecycles. */
export const lifecycleQuestionSchema = Type.Object(
  { ...activity("LifecycleInput"), period: period("LifecycleInput.period") },
  { additionalProperties: false, title: "LifecycleQuestion", ...from("LifecycleInput") },
);
/** A question about stickiness. */
export const stickinessQuestionSchema = Type.Object(
  {
    ...activity("StickinessInput"),
    period: period("StickinessInput.period"),
    minimum: whole("StickinessInput.minimum"),
  },
  { additionalProperties: false, title: "StickinessQuestion", ...from("StickinessInput") },
);

/** A question about active users in the graph's words. */
export const toActiveUsersInput = (question: Static<typeof activeUsersQuestionSchema>): ActiveUsersInput => {
  const { range, event, time_zone: timeZone, unit, cohort } = question;
  return {
    ...{ range: toRange(range), event: toMatcher(event) },
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(unit === undefined ? {} : { unit: toUnit(unit) }),
    ...(cohort === undefined ? {} : { cohort }),
  };
};

/** A question about lifecycles in the graph's words. */
export const toLifecycleInput = ({
  period: asked,
  ...question
}: Static<typeof lifecycleQuestionSchema>): LifecycleInput => ({
  ...toActiveUsersInput(question),
  ...(asked === undefined ? {} : { period: PERIODS[asked] }),
});

/** A question about stickiness in the graph's words. */
export const toStickinessInput = ({
  minimum,
  ...question
}: Static<typeof stickinessQuestionSchema>): StickinessInput => ({
  ...toLifecycleInput(question),
  ...(minimum === undefined ? {} : { minimum }),
});
