import { Type, type Static } from "typebox";
import type {
  BacktestCorrelationRuleInput,
  CorrelationComparison,
  CorrelationKind,
  CorrelationLateEvents,
  CorrelationPatternInput,
  CorrelationSkip,
  DefineCorrelationRuleInput,
} from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import {
  allowUnknownSchema,
  CALENDAR_UNITS,
  rangeSchema,
  tenantIdSchema,
  toAllowUnknown,
  toRange,
} from "../../http/question-parts.ts";
import { filterSchema, toFieldName, toFilter } from "../realtime-query/filter.ts";

const KINDS = {
  sequence: "SEQUENCE",
  absence: "ABSENCE",
  count: "COUNT",
  all: "ALL",
  any: "ANY",
} as const satisfies Record<string, CorrelationKind>;
const SKIPS = {
  past_last_event: "PAST_LAST_EVENT",
  to_next_event: "TO_NEXT_EVENT",
} as const satisfies Record<string, CorrelationSkip>;
const COMPARISONS = {
  eq: "EQ",
  ne: "NE",
  gt: "GT",
  gte: "GTE",
  lt: "LT",
  lte: "LTE",
} as const satisfies Record<string, CorrelationComparison>;
const LATE = {
  leave_out: "LEAVE_OUT",
  take_in: "TAKE_IN",
} as const satisfies Record<string, CorrelationLateEvents>;

/** Characters of a name of a field, an event, a part or a zone, and of a duration. */
const MAX_NAME = 512;
/** Characters of a rule's description. */
const MAX_DESCRIPTION = 2_000;
/** What the graph takes of each: names, parts, fields of a key, conditions. */
const MAX_NAMES = 100;
const MAX_PARTS = 8;
const MAX_KEY_FIELDS = 4;
const MAX_CONDITIONS = 16;

const needed = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const text = (coordinate: string) => Type.Optional(needed(coordinate));
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));

const partSchema = Type.Object(
  {
    name: needed("CorrelationPartInput.name"),
    events: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_NAMES, ...from("CorrelationPartInput.events") }),
    ),
    filter: Type.Optional(filterSchema),
    key: Type.Array(Type.String({ maxLength: MAX_NAME }), {
      minItems: 1,
      maxItems: MAX_KEY_FIELDS,
      ...from("CorrelationPartInput.key"),
    }),
    absent: Type.Optional(Type.Boolean(from("CorrelationPartInput.absent"))),
  },
  { additionalProperties: false, ...from("CorrelationPartInput") },
);

const operandSchema = (coordinate: string) =>
  Type.Object(
    { part: needed("CorrelationOperandInput.part"), field: needed("CorrelationOperandInput.field") },
    { additionalProperties: false, ...from(coordinate) },
  );

const conditionSchema = Type.Object(
  {
    left: operandSchema("CorrelationConditionInput.left"),
    comparison: Type.Enum(["eq", "ne", "gt", "gte", "lt", "lte"], from("CorrelationConditionInput.comparison")),
    right: operandSchema("CorrelationConditionInput.right"),
    times: Type.Optional(Type.Number(from("CorrelationConditionInput.times"))),
  },
  { additionalProperties: false, ...from("CorrelationConditionInput") },
);

const patternSchema = Type.Object(
  {
    kind: Type.Enum(["sequence", "absence", "count", "all", "any"], from("CorrelationPatternInput.kind")),
    parts: Type.Array(partSchema, { minItems: 1, maxItems: MAX_PARTS, ...from("CorrelationPatternInput.parts") }),
    conditions: Type.Optional(
      Type.Array(conditionSchema, { maxItems: MAX_CONDITIONS, ...from("CorrelationPatternInput.conditions") }),
    ),
    at_least: whole("CorrelationPatternInput.atLeast"),
    distinct: text("CorrelationPatternInput.distinct"),
    window: needed("CorrelationPatternInput.window"),
    lateness: text("CorrelationPatternInput.lateness"),
    skip: Type.Optional(Type.Enum(["past_last_event", "to_next_event"], from("CorrelationPatternInput.skip"))),
  },
  { additionalProperties: false, ...from("CorrelationPatternInput") },
);

const PATTERN = {
  kind: "absence",
  parts: [
    { name: "ordered", events: ["order"], filter: { field: "source", eq: "shop" }, key: ["properties.orderId"] },
    { name: "paid", events: ["payment"], key: ["properties.order.id"], absent: true },
  ],
  ...{ window: "PT30M", lateness: "PT2M" },
};

/** What a correlation rule is to be. */
export const correlationDefinitionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    name: needed("DefineCorrelationRuleInput.name"),
    title: text("DefineCorrelationRuleInput.title"),
    description: Type.Optional(
      Type.String({ maxLength: MAX_DESCRIPTION, ...from("DefineCorrelationRuleInput.description") }),
    ),
    owner: text("DefineCorrelationRuleInput.owner"),
    pattern: patternSchema,
    expected_version: whole("DefineCorrelationRuleInput.expectedVersion"),
    allow_unknown: allowUnknownSchema("DefineCorrelationRuleInput"),
  },
  {
    ...{
      additionalProperties: false,
      title: "CorrelationDefinition",
      examples: [{ name: "unpaid", pattern: PATTERN }],
    },
    ...from("DefineCorrelationRuleInput"),
  },
);

/** A question to the backtest of correlation rules. */
export const backtestQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    rule: text("BacktestCorrelationRuleInput.rule"),
    version: whole("BacktestCorrelationRuleInput.version"),
    pattern: Type.Optional(patternSchema),
    compare_with: whole("BacktestCorrelationRuleInput.compareWith"),
    range: rangeSchema("BacktestCorrelationRuleInput.range"),
    late: Type.Optional(Type.Enum(["leave_out", "take_in"], from("BacktestCorrelationRuleInput.late"))),
    granularity: Type.Optional(
      Type.Enum(
        ["minute", "hour", "day", "week", "month", "quarter", "year"],
        from("BacktestCorrelationRuleInput.granularity"),
      ),
    ),
    time_zone: text("BacktestCorrelationRuleInput.timeZone"),
    first: whole("BacktestCorrelationRuleInput.first"),
    keys: whole("BacktestCorrelationRuleInput.keys"),
    allow_unknown: allowUnknownSchema("BacktestCorrelationRuleInput"),
  },
  {
    ...{ additionalProperties: false, title: "CorrelationBacktestQuestion" },
    examples: [{ pattern: PATTERN, range: { calendar: { unit: "day", count: 7 } } }],
    ...from("BacktestCorrelationRuleInput"),
  },
);

const toPart = ({ filter, key, ...part }: Static<typeof partSchema>) => ({
  ...part,
  key: key.map(toFieldName),
  ...(filter === undefined ? {} : { filter: toFilter(filter) }),
});
const toOperand = ({ part, field }: Static<ReturnType<typeof operandSchema>>) => ({ part, field: toFieldName(field) });
const toCondition = ({ left, comparison, right, times }: Static<typeof conditionSchema>) => ({
  ...{ left: toOperand(left), comparison: COMPARISONS[comparison], right: toOperand(right) },
  ...(times === undefined ? {} : { times }),
});

const toPattern = (pattern: Static<typeof patternSchema>): CorrelationPatternInput => {
  const { kind, parts, conditions, distinct, skip, window, lateness, at_least: atLeast } = pattern;
  return {
    ...{ kind: KINDS[kind], parts: parts.map(toPart), window },
    ...(conditions === undefined ? {} : { conditions: conditions.map(toCondition) }),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(distinct === undefined ? {} : { distinct: toFieldName(distinct) }),
    ...(lateness === undefined ? {} : { lateness }),
    ...(skip === undefined ? {} : { skip: SKIPS[skip] }),
  };
};

/** A rule to be in the graph's words. */
export const toDefinition = (asked: Static<typeof correlationDefinitionSchema>): DefineCorrelationRuleInput => {
  const { tenant_id: _tenant, pattern, expected_version: expectedVersion, allow_unknown: _allow, ...described } = asked;
  return {
    ...described,
    pattern: toPattern(pattern),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...toAllowUnknown(asked),
  };
};

/** A backtest in the graph's words. */
export const toBacktest = (asked: Static<typeof backtestQuestionSchema>): BacktestCorrelationRuleInput => {
  const { tenant_id: _tenant, pattern, range, late, granularity, ...rest } = asked;
  const { compare_with: compareWith, time_zone: timeZone, allow_unknown: _allow, ...plain } = rest;
  return {
    ...plain,
    range: toRange(range),
    ...(pattern === undefined ? {} : { pattern: toPattern(pattern) }),
    ...(compareWith === undefined ? {} : { compareWith }),
    ...(late === undefined ? {} : { late: LATE[late] }),
    ...(granularity === undefined ? {} : { granularity: CALENDAR_UNITS[granularity] }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...toAllowUnknown(asked),
  };
};
