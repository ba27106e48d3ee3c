import { randomUUID } from "node:crypto";
import { count, range, type Input } from "./bad-input-questions.ts";

/** So many of something. */
export const many = <T>(length: number, one: (index: number) => T): readonly T[] =>
  Array.from({ length }, (_, index) => one(index));

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

const INVERTED = { from: range.to, to: range.from };
const PART = { name: "a", key: ["country"] };
const COUNTED = (parts: readonly unknown[], window = "PT1H") => ({
  pattern: { kind: "COUNT", parts, atLeast: 2, window },
});
const COHORT = (definition: Input): Input => ({ definition });
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
  ["olap", "a function of an unknown field", { metrics: [{ name: "sum(revnue)" }] }, "input.metrics.0", "`revenue`"],
  ["olap", "an unknown own dimension", { dimensions: ["dimensions.chanel"] }, "input.dimensions.0", "`channel`?"],
  ["olap", "filled buckets of none", { fill: "LINEAR" }, "input.fill", "take a `granularity`"],
  ["olap", "too many columns", { pivot: { by: ["os"], maxColumns: 101 } }, "input.pivot.maxColumns", "1 and 100"],
  ["timeSeries", "an unknown metric", { metrics: [{ name: "byers" }] }, "input.metrics.0", "Did you mean `buyers`?"],
  ["retention", "too many rows", { period: "DAY", range: WIDE }, "input.range", "a shorter range or longer periods"],
  ["retention", "a value of texts", { value: { of: "country" } }, "input.value.of", "a property with numbers"],
  ["stickiness", "too many periods", { range: WIDE }, "input.range", "a shorter range or longer periods"],
  ["stickiness", "an unknown unit", { unit: { kind: "FIELD", field: "cty" } }, "input.unit.field", "`city`?"],
  ["activeUsers", "too many days", { range: WIDE }, "input.range", "take a shorter range"],
  ["attribution", "a value of texts", { value: { of: "country" } }, "input.value.of", "such as `properties.amount`"],
  ["velocity", "an unknown field", { by: "cuontry" }, "input.by", "Did you mean `country`?"],
  ["velocity", "too many entities", { first: 1_001 }, "input.first", "from 1 to 1,000"],
  ["velocity", "an empty window", { within: "PT0S" }, "input.within", "between PT1S"],
  ["rings", "an unknown field", { through: ["cuontry"] }, "input.through.0", "Did you mean `country`?"],
  ["rings", "nothing that joins", { through: [] }, "input.through", "through 1 to 5 fields"],
  ["rings", "too many rings", { first: 101 }, "input.first", "from 1 to 100"],
  ["eventQuality", "nothing that is expected", { expect: [] }, "input.expect", "1 to 20 expectations"],
  [
    ...(["eventQuality", "an unknown field", { expect: [{ name: "a", present: { field: "cty" } }] }] as const),
    ...(["input.expect.0.present.field", "Did you mean `city`?"] as const),
  ],
  ["drift", "an unknown field", { field: "cuontry" }, "input.field", "Did you mean `country`?"],
  ["drift", "numbers of texts", { kind: "NUMERIC" }, "input.field", "take `kind: CATEGORICAL`"],
  ["drift", "too many bins", { bins: 51 }, "input.bins", "from 2 to 50"],
  ["drift", "an inverted reference", { reference: INVERTED }, "input.reference.from", "must be earlier than"],
  ["backtestCorrelationRule", "too many parts", COUNTED(many(9, () => PART)), "input.pattern.parts", "takes one part"],
  [
    ...(["backtestCorrelationRule", "an unknown key", COUNTED([{ ...PART, key: ["cty"] }])] as const),
    ...(["input.pattern.parts.0.key.0", "Did you mean `city`?"] as const),
  ],
  ["backtestCorrelationRule", "an empty window", COUNTED([PART], "PT0S"), "input.pattern.window", "between PT1S"],
  [
    ...(["backtestCorrelationRule", "too many points", { granularity: "MINUTE", range: WIDE }] as const),
    ...(["input.granularity", "take wider ones"] as const),
  ],
  ["liveWindows", "an unknown field", { keyBy: "cuontry" }, "input.keyBy", "Did you mean `country`?"],
  ["liveWindows", "windows of no length", { size: "PT0S" }, "input.size", "between PT1S"],
  ["liveWindows", "a slide of none", { slide: "PT1S" }, "input.slide", "no meaning for TUMBLING"],
  ["liveWindows", "too long a time", { timeframe: "P9D" }, "input.timeframe", "between PT1S and PT24H"],
  ["liveWindows", "too many windows", { size: "PT1S", timeframe: "P1D" }, "input.timeframe", "more than 1,000"],
  ["previewCohort", "no part", { definition: {} }, "input.definition", "exactly one of"],
  ["previewCohort", "an unknown cohort", COHORT({ cohort: randomUUID() }), "input.definition.cohort", "of this id"],
  [
    ...(["previewCohort", "an inverted range", COHORT({ did: { event: {}, within: INVERTED } })] as const),
    ...(["input.definition.did.within.from", "must be earlier than"] as const),
  ],
  [
    ...(["previewCohort", "too many parts", COHORT({ union: many(21, () => ({ list: true })) })] as const),
    ...(["input.definition.union", "1 to 20"] as const),
  ],
  [
    ...(["previewCohort", "one step", COHORT({ sequence: { steps: [{}], completedWithin: "P1D" } })] as const),
    ...(["input.definition.sequence.steps", "2 to 10 steps"] as const),
  ],
  ["apiExecutions", "too many points", { granularity: "MINUTE", range: WIDE }, "input.granularity", "take wider ones"],
];

const asMeasured = (part: Input): Input => ({ range, measures: [count], ...part });
/** What is wrong with what is defined, kept or started: by which mutation, in words, the input, the part that is told, and what to do. */
export const WRONG_DEFINITIONS: readonly (readonly [string, string, Input, string, string])[] = [
  ["defineMetric", "an unknown metric", { name: "m", formula: "byers / 2" }, "input.formula", "Did you mean `buyers`?"],
  ["defineMetric", "itself", { name: "buyers", formula: "buyers + 1" }, "input.formula", "buyers -> buyers"],
  ["defineMetric", "nothing", { name: "m" }, "input", "either a `measure` or a `formula`"],
  [
    ...(["defineMetric", "a sum of texts", { name: "m", measure: { function: "SUM", of: "country" } }] as const),
    ...(["input.measure.of", "such as `properties.amount`"] as const),
  ],
  [
    "defineSegment",
    "an unknown field",
    { name: "s", filter: { field: "cty", eq: "x" } },
    "input.filter.field",
    "`city`?",
  ],
  ["defineHierarchy", "an unknown field", { name: "h", levels: ["country", "cty"] }, "input.levels.1", "`city`?"],
  [
    ...(["createCohort", "an unknown cohort", { name: "c", definition: { cohort: randomUUID() } }] as const),
    ...(["input.definition.cohort", "no cohort of this id"] as const),
  ],
  [
    ...([
      "createCohort",
      "a slip",
      { name: "c", definition: { latest: { field: "properties.paln", eq: "x" } } },
    ] as const),
    ...(["input.definition.latest.field", "Did you mean `properties.plan`?"] as const),
  ],
  [
    ...([
      "defineCorrelationRule",
      "a slip",
      { name: "r", ...COUNTED([{ ...PART, key: ["properties.paln"] }]) },
    ] as const),
    ...(["input.pattern.parts.0.key.0", "Did you mean `properties.plan`?"] as const),
  ],
  ["startQuery", "no question", {}, "input", "exactly one of `olap`"],
  [
    "startQuery",
    "an unknown field",
    { olap: asMeasured({ dimensions: ["cty"] }) },
    "input.olap.dimensions.0",
    "`city`?",
  ],
  [
    "startQuery",
    "an inverted range",
    { olap: asMeasured({ range: INVERTED }) },
    "input.olap.range.from",
    "earlier than",
  ],
  ["startQuery", "too many rows", { olap: asMeasured({}), maxRows: 1_000_001 }, "input.maxRows", "1,000,000"],
  ["startQuery", "a funnel of no steps", { funnel: { range, steps: [] } }, "input.funnel.steps", "1 to 30 steps"],
];
