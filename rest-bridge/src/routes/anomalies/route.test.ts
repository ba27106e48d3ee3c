import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { startBridge } from "../../testing/running-bridge.ts";
import { activeAnomaliesDescription, updateRuleDescription } from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const AT = "2026-11-20T12:00:00.000Z";
const ACTIVE = "/api/v2/anomalies/active";
const RULE = `/api/v2/anomalies/rules/${ID}`;

let bridge: Awaited<ReturnType<typeof startBridge>>;
beforeAll(async () => {
  bridge = await startBridge();
});
afterAll(() => bridge.stop());
beforeEach(() => {
  bridge.graph.calls.length = 0;
});

const anomaly = {
  ...{ __typename: "Anomaly", id: ID, rule: { id: ID, name: "Errors" }, state: "FIRING", severity: "CRITICAL" },
  ...{ group: [{ name: "country", value: null }], fingerprint: "ab", raisedAt: AT, lastSeenAt: AT, lastValue: 3 },
  evidence: {
    ...{ value: 3, samples: 3, score: 1.5, expected: null, low: null, high: 2, side: "ABOVE" },
    ...{ because: "3 against an upper bound of 2", from: AT, to: AT },
  },
  ...{ timesSeen: 1, acknowledgement: { at: AT, by: { kind: "USER", id: "1" }, note: null } },
};
const rule = {
  ...{ __typename: "Rule", id: ID, name: "Errors", description: null, version: 2, enabled: true, labels: [] },
  ...{ evaluationIntervalSeconds: 60, author: null, lastFailure: null, failureCode: null, nextEvaluationAt: AT },
  ...{ createdAt: AT, updatedAt: AT },
};
const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));
const asked = async (path: string, method = "GET", body?: unknown) => {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await bridge.ask(path, { ...init, headers });
  const json: unknown = await answer.json();
  return { status: answer.status, body: json };
};

describe("addresses about anomalies", () => {
  it("answer what the graph answers, as their descriptions say", async () => {
    answerWith({ anomalies: { edges: [{ node: anomaly }], pageInfo: { hasNextPage: true, endCursor: "next" } } });
    const list = await asked(`${ACTIVE}?severity=critical&first=1`);
    expect(list).toMatchObject({
      status: 200,
      body: {
        anomalies: [{ state: "firing", severity: "critical", evidence: { side: "above" } }],
        next_cursor: "next",
      },
    });
    expect([...Value.Errors(activeAnomaliesDescription.answers[200].schema, list.body)]).toEqual([]);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({ first: 1, after: null, ruleId: null, severity: "CRITICAL" });
    answerWith({ updateRule: { __typename: "RuleSaved", rule } });
    const question = { question: { olap: {} }, timeZone: "UTC" };
    const saved = await asked(RULE, "PUT", { expected_version: 1, evaluation_interval_seconds: 60, question });
    expect(saved.status).toBe(200);
    expect([...Value.Errors(updateRuleDescription.answers[200].schema, saved.body)]).toEqual([]);
    const input = { expectedVersion: 1, evaluationIntervalSeconds: 60, question };
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({ id: ID, input });
  });

  it.each([
    [{ __typename: "RuleNotFound", id: ID }, 404, "rule_id"],
    [{ __typename: "RuleNameTaken", name: "x" }, 409, "name"],
    [{ __typename: "RuleChangedMeanwhile", rule: { version: 3 } }, 409, "expected_version"],
    [
      { __typename: "RuleRejected", problems: [{ field: "evaluationIntervalSeconds", message: "too small" }] },
      400,
      "evaluation_interval_seconds",
    ],
  ])("tell what became of a change that was not made: %j", async (outcome, status, field) => {
    answerWith({ updateRule: outcome });
    expect(await asked(RULE, "PUT", { name: "x" })).toMatchObject({ status, body: { field } });
  });

  it("are about the caller's own tenant, and refuse what they don't know", async () => {
    const foreign = "0195e2a0-0000-7000-8000-00000000000f";
    expect(await asked(`${ACTIVE}?tenant_id=${foreign}`)).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    expect(await asked(RULE, "PUT", { tenant_id: foreign })).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    expect(await asked(`${ACTIVE}?severity=bad`)).toMatchObject({ status: 400 });
    expect(await asked(RULE, "PUT", { unknown: 1 })).toMatchObject({ status: 400 });
    expect(bridge.graph.calls).toEqual([]);
  });
});
