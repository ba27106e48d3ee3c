import { randomUUID } from "node:crypto";

/** A part of a question. */
export type Input = Readonly<Record<string, unknown>>;
/** A range of some days. */
export const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-20T00:00:00Z" };
/** The number of events. */
export const count = { function: "COUNT" };
/** So many of something. */
export const many = <T>(length: number, one: (index: number) => T): readonly T[] =>
  Array.from({ length }, (_, index) => one(index));

/** Every question: its document, an input that is answered, and where its first filter stands. */
export const QUESTIONS: Readonly<Record<string, readonly [string, string, Input, readonly (string | number)[]]>> = {
  olap: ["OlapInput", "rowCount", { range, measures: [count] }, ["filter"]],
  timeSeries: ["TimeSeriesInput", "buckets", { range, measures: [count], granularity: "DAY" }, ["filter"]],
  funnel: ["FunnelInput", "cutUnits", { range, steps: [{ anyOf: [{}] }] }, ["steps", 0, "anyOf", 0, "filter"]],
  retention: ["RetentionInput", "hasMoreGroups", { range, start: {}, returning: {} }, ["start", "filter"]],
  stickiness: ["StickinessInput", "total", { range, event: {} }, ["event", "filter"]],
  lifecycle: ["LifecycleInput", "starts", { range, event: {} }, ["event", "filter"]],
  activeUsers: ["ActiveUsersInput", "daily", { range, event: {} }, ["event", "filter"]],
  attribution: [
    "AttributionInput",
    "conversions",
    { range, conversion: { events: ["buy"] }, touchpoints: [{}], models: [{ kind: "LINEAR" }] },
    ["touchpoints", 0, "filter"],
  ],
  paths: ["PathsInput", "paths", { range }, ["steps", 0, "filter"]],
  sessions: ["SessionsInput", "edges { cursor }", { range }, ["filter"]],
  sessionMetrics: ["SessionMetricsInput", "groupCount", { range }, ["filter"]],
};

const TESTS = many(50, () => ({ and: many(3, () => ({ field: "country", eq: "DE" })) }));
/** What is wrong with a range in any question: the range, the part of it that is told, and what to do. */
export const RANGES: readonly (readonly [string, unknown, string, string])[] = [
  ["inverted", { from: range.to, to: range.from }, "range.from", "must be earlier than"],
  ["empty", { from: range.to, to: range.to }, "range.from", "must be earlier than"],
  ["absolute and relative", { ...range, sliding: "P1D" }, "range", "exactly one of"],
  ["none", {}, "range", "exactly one of"],
  ["longer than any", { from: "1900-01-01T00:00:00Z", to: range.to }, "range", "1971|10 years|ten years|P3660D|1970"],
  ["of a unit that is none", { calendar: { unit: "DAY", count: 0 } }, "range.calendar.count", "1 to 5,000"],
];
/** What is wrong with a filter in any question: the filter, the part of it that is told, and what to do. */
export const FILTERS: readonly (readonly [string, Input, string, string])[] = [
  ["an unknown field", { field: "cuontry", eq: "DE" }, ".field", "Did you mean `country`?"],
  ["a path that is none", { field: "properties.", eq: "DE" }, ".field", "keys joined by dots"],
  ["an unknown cohort", { inCohort: { cohort: randomUUID() } }, ".inCohort.cohort", "no cohort of this id"],
  ["a cohort that is no id", { inCohort: { cohort: "x" } }, ".inCohort.cohort", "no cohort of this id"],
  [
    "too many filters",
    { or: many(51, () => ({ field: "os", eq: "x" })) },
    ".or",
    "put several values of one field into `in`",
  ],
  ["too many tests", { or: TESTS }, ".or.33.and.1", "put several values of one field into `in`"],
  [
    "too many values",
    { field: "country", in: many(1_001, String) },
    ".in",
    "1 to 1,000 values: name more people by a cohort",
  ],
  ["a pattern that is none", { field: "country", matches: "(?=x)" }, ".matches", "not one of RE2"],
  ["a number's test of a text", { field: "country", gt: 1 }, ".gt", "is not a number"],
  ["a text's test of a number", { field: "revenue", contains: "1" }, ".contains", "is not text"],
  ["a test of nothing", { eq: "DE" }, "", "needs the `field`"],
  ["personal data", { field: "userId", eq: "ada" }, ".field", "analytics:personal-data"],
];

const WIDE = { from: "2020-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" };
const FORMULA = (formula: string) => ({ measures: [count, { name: "f", function: "FORMULA", formula }] });
const fields = ["country", "city", "region", "os", "browser", "device", "source", "name", "utmSource"];

/** What is wrong with one question: the question, in words, what is put in, the part that is told, and what to do. */
export const WRONG: readonly (readonly [string, string, Input, string, string])[] = [
  ["olap", "an unknown metric", { metrics: [{ name: "byers" }] }, "input.metrics.0", "Did you mean `buyers`?"],
  [
    "olap",
    "an unknown version",
    { metrics: [{ name: "buyers", version: 3 }] },
    "input.metrics.0",
    "versions are 1 to 1",
  ],
  ["olap", "an unknown segment", { segments: [{ name: "x" }] }, "input.segments.0", "no segment `x`"],
  ["olap", "an unknown dimension", { dimensions: ["cuontry"] }, "input.dimensions.0", "Did you mean `country`?"],
  ["olap", "too many dimensions", { dimensions: fields }, "input.dimensions", "leave some out"],
  [
    "olap",
    "too many measures",
    { measures: many(11, (index) => ({ ...count, name: `m${index}` })) },
    "input.measures",
    "in another question",
  ],
  ["olap", "no measures", { measures: [] }, "input.measures", "1 to 10 measures"],
  ["olap", "too many rows", { limit: 10_001 }, "input.limit", "1 and 10,000"],
  ["olap", "too many buckets", { granularity: "MINUTE", range: WIDE }, "input.granularity", "take wider ones"],
  [
    "olap",
    "a sum of texts",
    { measures: [{ function: "SUM", of: "country" }] },
    "input.measures.0.of",
    "such as `properties.amount`",
  ],
  [
    "olap",
    "a currency of counts",
    { measures: [{ ...count, currency: "EUR" }] },
    "input.measures.0.currency",
    "no meaning for COUNT",
  ],
  [
    "olap",
    "a filter of a formula",
    { measures: [count, { function: "FORMULA", name: "f", formula: "count", filter: { field: "os", eq: "x" } }] },
    "input.measures.1.filter",
    "no meaning for FORMULA",
  ],
  [
    "olap",
    "a test of an unknown measure",
    { having: [{ column: "cuont", gt: 1 }] },
    "input.having.0.column",
    "Did you mean `count`?",
  ],
  [
    "olap",
    "an order by an unknown column",
    { orderBy: [{ column: "cuont" }] },
    "input.orderBy.0.column",
    "Did you mean `count`?",
  ],
  [
    "olap",
    "a formula with an unknown measure",
    FORMULA("cuont / 2"),
    "input.measures.1.formula",
    "Did you mean `count`?",
  ],
  ["olap", "a formula that is none", FORMULA("count / "), "input.measures.1.formula", "can't be read"],
  [
    "olap",
    "a quantile beyond all",
    { measures: [{ function: "QUANTILES", of: "revenue", levels: [1.5] }] },
    "input.measures.0.levels",
    "between 0 and 1",
  ],
  [
    "olap",
    "an unknown column of a pivot",
    { pivot: { by: ["cuontry"] } },
    "input.pivot.by.0",
    "Did you mean `country`?",
  ],
  [
    "olap",
    "a subtotal by what is no column",
    { dimensions: ["country"], subtotals: [["city"]] },
    "input.subtotals.0.0",
    "grouped by: country",
  ],
  ["timeSeries", "no buckets", { granularity: "NONE" }, "input.granularity", "take another granularity"],
  ["timeSeries", "too many points", { granularity: "MINUTE" }, "input.granularity", "take wider ones"],
  ["timeSeries", "too many lines", { maxLines: 101 }, "input.maxLines", "1 and 100"],
  ["timeSeries", "an unknown field", { splitBy: ["cuontry"] }, "input.splitBy.0", "Did you mean `country`?"],
  ["timeSeries", "too many fields", { splitBy: fields.slice(0, 4) }, "input.splitBy", "leave some out"],
  ["funnel", "too many steps", { steps: many(31, () => ({ anyOf: [{}] })) }, "input.steps", "as two funnels"],
  ["funnel", "no steps", { steps: [] }, "input.steps", "1 to 30 steps"],
  ["funnel", "too many groups", { breakdown: { field: "country", first: 101 } }, "input.breakdown.first", "1 to 100"],
  [
    "funnel",
    "an unknown field",
    { breakdown: { field: "cuontry" } },
    "input.breakdown.field",
    "Did you mean `country`?",
  ],
  [
    "funnel",
    "an unknown cohort",
    { breakdown: { cohorts: [randomUUID()] } },
    "input.breakdown.cohorts.0",
    "no cohort of this id",
  ],
  ["funnel", "an empty window", { window: "PT0S" }, "input.window", "PT0.001S"],
  ["funnel", "too many points", { trend: { granularity: "MINUTE" } }, "input.trend.granularity", "take wider ones"],
  ["retention", "too many periods", { periods: 121 }, "input.periods", "1 and 120"],
  ["retention", "too many groups", { maxGroups: 101 }, "input.maxGroups", "1 and 100"],
  ["retention", "an unknown field", { splitBy: ["cuontry"] }, "input.splitBy.0", "Did you mean `country`?"],
  ["retention", "an unknown cohort", { cohorts: [randomUUID()] }, "input.cohorts.0", "no cohort of this id"],
  ["retention", "months of no length", { clock: "ELAPSED", period: "MONTH" }, "input.period", "take DAY or WEEK"],
  ["retention", "brackets that fall", { brackets: [3, 2] }, "input.brackets.1", "rise"],
  ["retention", "certainty", { confidence: 1 }, "input.confidence", "0.5 and 0.9999"],
  ["stickiness", "an unknown cohort", { cohort: randomUUID() }, "input.cohort", "no cohort of this id"],
  ["stickiness", "a minimum of nothing", { minimum: 0 }, "input.minimum", "1 and 1,000"],
  ["lifecycle", "an unknown cohort", { cohort: randomUUID() }, "input.cohort", "no cohort of this id"],
  ["activeUsers", "an unknown cohort", { cohort: randomUUID() }, "input.cohort", "no cohort of this id"],
  ["attribution", "no models", { models: [] }, "input.models", "1 to 12 models"],
  ["attribution", "an unknown dimension", { dimensions: ["cuontry"] }, "input.dimensions.0", "Did you mean `country`?"],
  ["attribution", "too long a lookback", { lookback: "P9999D" }, "input.lookback", "must be between"],
  ["attribution", "too many touchpoints", { touchpoints: many(101, () => ({})) }, "input.touchpoints", "takes 1 to 20"],
  ["attribution", "too long a path", { maxPathLength: 100_000 }, "input.maxPathLength", "between 1 and 100"],
  ["paths", "too deep a tree", { maxDepth: 1_000 }, "input.maxDepth", "from 2 to 20"],
  ["paths", "too many nodes", { maxNodes: 100_000 }, "input.maxNodes", "from 1 to 50"],
  ["paths", "an unknown field", { label: ["cuontry"] }, "input.label.0", "Did you mean `country`?"],
  ["sessions", "an unknown field", { page: "cuontry" }, "input.page", "Did you mean `country`?"],
  ["sessions", "an empty gap", { definition: { gap: "PT0S" } }, "input.definition.gap", "between PT1S"],
  ["sessionMetrics", "an unknown field", { breakdown: ["cuontry"] }, "input.breakdown.0", "Did you mean `country`?"],
  ["sessionMetrics", "too many groups", { breakdown: ["country"], first: 100_000 }, "input.first", "from 1 to 100"],
  ["sessionMetrics", "too many points", { granularity: "MINUTE" }, "input.granularity", "take wider ones"],
  ["sessionMetrics", "a level beyond all", { levels: [90] }, "input.levels", "between 0 and 1"],
];
