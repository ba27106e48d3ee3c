import { Type, type Static } from "typebox";
import type { FunnelAnchor, FunnelAttribution, FunnelInput, FunnelOrder } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import {
  CALENDAR_UNITS,
  allowUnknownSchema,
  maxStalenessSchema,
  rangeSchema,
  sampleSchemas,
  tenantIdSchema,
  toAllowUnknown,
  toRange,
  toSample,
} from "../../http/question-parts.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher, toUnit, unitSchema } from "../realtime-query/matcher.ts";
import { attributionSchema, toAttribution } from "./attribution.ts";

const ORDERS = { ordered: "ORDERED", unordered: "UNORDERED", strict: "STRICT" } as const satisfies Record<
  string,
  FunnelOrder
>;
const ANCHORS = { first: "FIRST", any: "ANY" } as const satisfies Record<string, FunnelAnchor>;
const ATTRIBUTIONS = { first: "FIRST", last: "LAST", step: "STEP" } as const satisfies Record<
  string,
  FunnelAttribution
>;

/** Characters of a name of a field, an event or a zone, and of a duration. */
const MAX_NAME = 512;
/** What the graph takes of each: steps, matchers of a step, exclusions, levels, fields. */
const MAX_STEPS = 30;
const MAX_MATCHERS = 10;
const MAX_EXCLUSIONS = 10;
const MAX_LEVELS = 10;
const MAX_FIELDS = 5;
/** Cohorts and segments of a breakdown. */
const MAX_MEMBERS = 10;
/** Characters of an id of a cohort. */
const MAX_ID = 64;

const text = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));

const stepSchema = Type.Object(
  {
    label: Type.Optional(text("FunnelStepInput.label")),
    any_of: Type.Array(matcherSchema, { minItems: 1, maxItems: MAX_MATCHERS, ...from("FunnelStepInput.anyOf") }),
    at_least: whole("FunnelStepInput.atLeast"),
    optional: Type.Optional(Type.Boolean(from("FunnelStepInput.optional"))),
    within: Type.Optional(text("FunnelStepInput.within")),
  },
  { additionalProperties: false, ...from("FunnelStepInput") },
);

const exclusionSchema = Type.Object(
  {
    event: matcherSchema,
    from_step: whole("FunnelExclusionInput.fromStep"),
    to_step: whole("FunnelExclusionInput.toStep"),
  },
  { additionalProperties: false, ...from("FunnelExclusionInput") },
);

const breakdownSchema = Type.Object(
  {
    field: Type.Optional(text("FunnelBreakdownInput.field")),
    cohorts: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_ID }), {
        maxItems: MAX_MEMBERS,
        ...from("FunnelBreakdownInput.cohorts"),
      }),
    ),
    segments: Type.Optional(
      Type.Array(
        Type.Object(
          { name: text("SegmentRefInput.name"), version: whole("SegmentRefInput.version") },
          { additionalProperties: false, ...from("SegmentRefInput") },
        ),
        { maxItems: MAX_MEMBERS, ...from("FunnelBreakdownInput.segments") },
      ),
    ),
    attribution: Type.Optional(Type.Enum(["first", "last", "step"], from("FunnelBreakdownInput.attribution"))),
    step: whole("FunnelBreakdownInput.step"),
    first: whole("FunnelBreakdownInput.first"),
  },
  { additionalProperties: false, ...from("FunnelBreakdownInput") },
);

const correlationSchema = Type.Object(
  {
    events: whole("FunnelCorrelationInput.events"),
    fields: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), {
        maxItems: MAX_FIELDS,
        ...from("FunnelCorrelationInput.fields"),
      }),
    ),
    values: whole("FunnelCorrelationInput.values"),
  },
  { additionalProperties: false, ...from("FunnelCorrelationInput") },
);

const EXAMPLE = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  steps: [
    { any_of: [{ events: ["page_view"], filter: { field: "url", starts_with: "/pricing" } }] },
    { any_of: [{ events: ["sign_up"] }], within: "P1D" },
    { any_of: [{ events: ["purchase"] }] },
  ],
  window: "P7D",
  breakdown: { field: "country", first: 5 },
  drop_offs: {},
};

/** A question to the funnel route. */
export const funnelQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    max_staleness: maxStalenessSchema,
    range: rangeSchema("FunnelInput.range"),
    steps: Type.Array(stepSchema, { minItems: 1, maxItems: MAX_STEPS, ...from("FunnelInput.steps") }),
    order: Type.Optional(Type.Enum(["ordered", "unordered", "strict"], from("FunnelInput.order"))),
    anchor: Type.Optional(Type.Enum(["first", "any"], from("FunnelInput.anchor"))),
    unit: Type.Optional(unitSchema),
    window: Type.Optional(text("FunnelInput.window")),
    exclusions: Type.Optional(
      Type.Array(exclusionSchema, { maxItems: MAX_EXCLUSIONS, ...from("FunnelInput.exclusions") }),
    ),
    levels: Type.Optional(Type.Array(Type.Number(), { maxItems: MAX_LEVELS, ...from("FunnelInput.levels") })),
    entries_before: Type.Optional(text("FunnelInput.entriesBefore")),
    breakdown: Type.Optional(breakdownSchema),
    trend: Type.Optional(
      Type.Object(
        {
          granularity: Type.Enum(
            ["minute", "hour", "day", "week", "month", "quarter", "year"],
            from("FunnelTrendInput.granularity"),
          ),
        },
        { additionalProperties: false, ...from("FunnelTrendInput") },
      ),
    ),
    drop_offs: Type.Optional(
      Type.Object(
        { first: whole("FunnelDropOffsInput.first"), depth: whole("FunnelDropOffsInput.depth") },
        { additionalProperties: false, ...from("FunnelDropOffsInput") },
      ),
    ),
    correlation: Type.Optional(correlationSchema),
    attribution: Type.Optional(attributionSchema),
    time_zone: Type.Optional(text("FunnelInput.timeZone")),
    ...sampleSchemas("FunnelInput"),
    allow_unknown: allowUnknownSchema("FunnelInput"),
  },
  { additionalProperties: false, title: "FunnelQuestion", examples: [EXAMPLE], ...from("FunnelInput") },
);

/** A question as REST takes it. */
export type FunnelQuestion = Static<typeof funnelQuestionSchema>;

const toStep = ({ any_of: anyOf, at_least: atLeast, ...step }: Static<typeof stepSchema>) => ({
  ...step,
  anyOf: anyOf.map(toMatcher),
  ...(atLeast === undefined ? {} : { atLeast }),
});

const toExclusion = ({ event, from_step: fromStep, to_step: toStepNumber }: Static<typeof exclusionSchema>) => ({
  event: toMatcher(event),
  ...(fromStep === undefined ? {} : { fromStep }),
  ...(toStepNumber === undefined ? {} : { toStep: toStepNumber }),
});

const toBreakdown = ({ field, attribution, ...breakdown }: Static<typeof breakdownSchema>) => ({
  ...breakdown,
  ...(field === undefined ? {} : { field: toFieldName(field) }),
  ...(attribution === undefined ? {} : { attribution: ATTRIBUTIONS[attribution] }),
});

const toCorrelation = ({ fields, ...correlation }: Static<typeof correlationSchema>) => ({
  ...correlation,
  ...(fields === undefined ? {} : { fields: fields.map(toFieldName) }),
});

/** A question in the graph's words. */
export const toFunnelInput = (question: FunnelQuestion): FunnelInput => {
  const { order, anchor, unit, exclusions, breakdown, trend, correlation, time_zone: timeZone } = question;
  const { window, levels, attribution, drop_offs: dropOffs, entries_before: entriesBefore } = question;
  return {
    range: toRange(question.range),
    steps: question.steps.map(toStep),
    ...(order === undefined ? {} : { order: ORDERS[order] }),
    ...(anchor === undefined ? {} : { anchor: ANCHORS[anchor] }),
    ...(unit === undefined ? {} : { unit: toUnit(unit) }),
    ...(window === undefined ? {} : { window }),
    ...(exclusions === undefined ? {} : { exclusions: exclusions.map(toExclusion) }),
    ...(levels === undefined ? {} : { levels }),
    ...(entriesBefore === undefined ? {} : { entriesBefore }),
    ...(breakdown === undefined ? {} : { breakdown: toBreakdown(breakdown) }),
    ...(trend === undefined ? {} : { trend: { granularity: CALENDAR_UNITS[trend.granularity] } }),
    ...(dropOffs === undefined ? {} : { dropOffs }),
    ...(correlation === undefined ? {} : { correlation: toCorrelation(correlation) }),
    ...(attribution === undefined ? {} : { attribution: toAttribution(attribution) }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...toSample(question),
    ...toAllowUnknown(question),
  };
};
