import { randomUUID } from "node:crypto";
import { count, range, type Input } from "./bad-input-questions.ts";

const INVERTED = { from: range.to, to: range.from };
const PART = { name: "a", key: ["country"] };
const counted = (parts: readonly unknown[]): Input => ({
  pattern: { kind: "COUNT", parts, atLeast: 2, window: "PT1H" },
});
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
      { name: "r", ...counted([{ ...PART, key: ["properties.paln"] }]) },
    ] as const),
    ...(["input.pattern.parts.0.key.0", "Did you mean `properties.plan`?"] as const),
  ],
  [
    "saveQuery",
    "a range that is none",
    { name: "q", olap: asMeasured({ range: INVERTED }) },
    "input.olap.range.from",
    "earlier",
  ],
  [
    "saveQuery",
    "an unknown metric",
    { name: "q", olap: asMeasured({ metrics: [{ name: "byers" }] }) },
    "input.olap.metrics.0",
    "`buyers`?",
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
