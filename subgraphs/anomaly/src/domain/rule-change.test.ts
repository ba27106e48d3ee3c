import { describe, expect, test } from "@jest/globals";
import { parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { countOf } from "../testing/definitions.ts";
import { metricSchema } from "./metric-definition.ts";
import { changeRule } from "./rule-change.ts";
import type { Rule } from "./rule.ts";

const [tenantId, id] = [
  parseTenantId("0198c0de-0000-4000-8000-000000000001"),
  parseRuleId("0198c0de-0000-4000-8000-000000000002"),
];
if (tenantId === null || id === null) throw new Error("These are UUIDs.");

const rule: Rule = {
  tenantId,
  id,
  name: "orders",
  description: "too few orders",
  metric: metricSchema.parse(countOf("order")),
  condition: { direction: "BELOW", threshold: 1, minimumSamples: 0 },
  evaluationIntervalSeconds: 60,
  enabled: true,
  version: 3,
  nextEvaluationAtMs: 0,
  lastEvaluation: null,
  lastFailure: null,
  breachedSinceMs: null,
  createdAtMs: 0,
  updatedAtMs: 0,
  deletedAtMs: null,
};
const { name, description, metric, condition, evaluationIntervalSeconds, enabled } = rule;
const before = { name, description, metric, condition, evaluationIntervalSeconds, enabled };

describe("a change of a rule", () => {
  test.each([
    ["nothing", {}, {}, false],
    ["the version that was read", { expectedVersion: 3 }, {}, false],
    ["a name", { name: " sales " }, { name: "sales" }, false],
    ["a description away", { description: null }, { description: null }, false],
    ["rest", { enabled: false }, { enabled: false }, false],
    ["the same metric again", { metric: countOf("order") }, {}, false],
    ["another metric", { metric: countOf("sale") }, { metric: metricSchema.parse(countOf("sale")) }, true],
    [
      "another threshold",
      { condition: { ...condition, threshold: 2 } },
      { condition: { ...condition, threshold: 2 } },
      true,
    ],
  ])("to %s keeps the rest, and starts anew only when it is about something else", (_case, input, changed, restart) => {
    expect(changeRule(rule, input)).toEqual({ kind: "SAVE", definition: { ...before, ...changed }, restart });
  });

  test("from another version is stale", () => {
    expect(changeRule(rule, { expectedVersion: 2, name: "x" })).toEqual({ kind: "STALE" });
  });

  test.each([
    ["name", { name: " " }],
    ["name", { name: "n".repeat(201) }],
    ["description", { description: "d".repeat(2_001) }],
    ["evaluationIntervalSeconds", { evaluationIntervalSeconds: 9 }],
    ["evaluationIntervalSeconds", { evaluationIntervalSeconds: 86_401 }],
    ["condition.minimumSamples", { condition: { ...condition, minimumSamples: -1 } }],
    ["metric.window", { metric: { ...countOf("order"), window: "PT1S" } }],
  ])("that makes no sense of %s is rejected", (field, input) => {
    const change = changeRule(rule, input);
    expect(change).toMatchObject({ kind: "REJECT", problems: [{ field }] });
  });
});
