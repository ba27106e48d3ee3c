import { describe, expect, test } from "@jest/globals";
import { parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { countOf } from "../testing/definitions.ts";
import { checkAlertPolicy } from "./alerts/alert-policy-definition.ts";
import { metricSchema } from "./metric-definition.ts";
import { changeRule } from "./rule-change.ts";
import { detectorOfCondition, type Rule } from "./rule.ts";

const [tenantId, id] = [
  parseTenantId("0198c0de-0000-4000-8000-000000000001"),
  parseRuleId("0198c0de-0000-4000-8000-000000000002"),
];
if (tenantId === null || id === null) throw new Error("These are UUIDs.");

const policy = checkAlertPolicy({});
if (!policy.valid) throw new Error("Nothing said is a policy.");
const condition = { direction: "BELOW", threshold: 1, minimumSamples: 0 } as const;

const rule: Rule = {
  tenantId,
  id,
  name: "orders",
  description: "too few orders",
  watch: { kind: "METRIC", metric: metricSchema.parse(countOf("order")) },
  detector: detectorOfCondition(condition),
  alerting: policy.value,
  labels: { team: "shop" },
  author: null,
  authorPermissions: [],
  evaluationIntervalSeconds: 60,
  enabled: true,
  live: false,
  version: 3,
  nextEvaluationAtMs: 0,
  lastEvaluation: null,
  lastFailure: null,
  failureCode: null,
  judgedUntilMs: null,
  warmUntilMs: null,
  seriesSeen: 0,
  breachedSinceMs: null,
  createdAtMs: 0,
  updatedAtMs: 0,
  deletedAtMs: null,
};
const { name, description, watch, detector, alerting, labels, evaluationIntervalSeconds, enabled, live } = rule;
const before = { name, description, watch, detector, alerting, labels, evaluationIntervalSeconds, enabled, live };
const olap = { olap: { measures: [{ function: "COUNT" }] } };
const asked = { question: olap, granularity: "HOUR", delay: "PT5M" };
const watched = {
  kind: "QUESTION",
  question: olap,
  value: null,
  granularity: "HOUR",
  timeZone: "UTC",
  delayMs: 300_000,
  maxSeries: 1_000,
  calendar: null,
  objective: null,
};

describe("a change of a rule", () => {
  test.each([
    ["nothing", {}, {}, false],
    ["the version that was read", { expectedVersion: 3 }, {}, false],
    ["a name", { name: " sales " }, { name: "sales" }, false],
    ["a description away", { description: null }, { description: null }, false],
    ["rest", { enabled: false }, { enabled: false }, false],
    ["the same metric again", { metric: countOf("order") }, {}, false],
    [
      "another metric",
      { metric: countOf("sale") },
      { watch: { kind: "METRIC", metric: metricSchema.parse(countOf("sale")) } },
      true,
    ],
    ["a question in place of the metric", { question: asked }, { watch: watched }, true],
    ["other labels", { labels: [{ name: "team", value: "billing" }] }, { labels: { team: "billing" } }, false],
    [
      "a policy",
      { alerting: { fire: { k: 2, n: 3 } } },
      { alerting: { ...policy.value, fire: { ...policy.value.fire, k: 2, n: 3 } } },
      false,
    ],
    [
      "another threshold",
      { condition: { ...condition, threshold: 2 } },
      { detector: detectorOfCondition({ ...condition, threshold: 2 }) },
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
    ["question", { metric: countOf("order"), question: asked }],
    ["question.granularity", { question: { ...asked, granularity: "MONTH" } }],
    ["question.delay", { question: { ...asked, delay: "P40D" } }],
    ["question.question", { question: { ...asked, question: { ...olap, funnel: {} } } }],
    ["question.timeZone", { question: { ...asked, timeZone: "Mars/Olympus" } }],
    ["detector", { condition, detector: { kind: "AUTOMATIC" } }],
    ["detector", { detector: { kind: "AUTOMATIC" } }],
    ["alerting.fire.k", { alerting: { fire: { k: 4, n: 3 } } }],
    ["labels.0.name", { labels: [{ name: "severity", value: "x" }] }],
    ["metric.window", { metric: { ...countOf("order"), window: "PT1S" } }],
  ])("that makes no sense of %s is rejected", (field, input) => {
    const change = changeRule(rule, input);
    expect(change).toMatchObject({ kind: "REJECT", problems: [{ field }] });
  });
});
