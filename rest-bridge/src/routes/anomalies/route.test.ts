import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { activeAnomaliesDescription, giveFeedbackDescription, updateRuleDescription } from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const AT = "2026-11-20T12:00:00.000Z";
const ACTIVE = "/api/v2/anomalies/active";
const RULE = `/api/v2/anomalies/rules/${ID}`;
const FEEDBACK = `/api/v2/anomalies/feedback/${ID}`;

const bridge = bridgeOfTests();
const { asked } = bridge;

const anomaly = {
  ...{ __typename: "Anomaly", id: ID, rule: { id: ID, name: "Errors" }, state: "FIRING", severity: "CRITICAL" },
  ...{ group: [{ name: "country", value: null }], fingerprint: "ab", raisedAt: AT, lastSeenAt: AT, lastValue: 3 },
  evidence: {
    ...{ value: 3, samples: 3, score: 1.5, expected: null, low: null, high: 2, side: "ABOVE" },
    ...{ because: "3 against an upper bound of 2", from: AT, to: AT },
    weighed: [
      { at: AT, share: 0.5, group: null },
      { at: AT, share: 0.5, group: [{ name: "country", value: "DE" }] },
    ],
  },
  ...{ timesSeen: 1, acknowledgement: { at: AT, by: { kind: "USER", id: "1" }, note: null } },
};
const rule = {
  ...{ __typename: "Rule", id: ID, name: "Errors", description: null, version: 2, enabled: true, labels: [] },
  ...{ live: true, objective: { id: ID, name: "Errors" } },
  ...{ evaluationIntervalSeconds: 60, author: null, lastFailure: null, failureCode: null, nextEvaluationAt: AT },
  ...{ createdAt: AT, updatedAt: AT },
};
const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));

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

  it("take what somebody says of an anomaly, word for word, and answer what people say", async () => {
    const entry = {
      ...{
        __typename: "FeedbackEntry",
        id: ID,
        by: { kind: "USER", id: "1" },
        verdict: "EXPECTED",
        cause: null,
        note: "n",
      },
      expected: { repeats: "WEEKLY", from: null, until: AT, timeZone: "UTC", fromHour: 25, hours: 2 },
      ...{ expiresAt: null, doneAt: null, at: AT },
    };
    answerWith({
      giveAnomalyFeedback: {
        __typename: "AnomalyFeedbackSaved",
        anomaly: { id: ID, feedback: { verdict: "EXPECTED", people: 1, standing: [entry] } },
      },
    });
    const said = { verdict: "expected", note: "n", expected: { from: AT, until: AT } };
    const answer = await asked(FEEDBACK, "POST", said);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ...{ anomaly_id: ID, verdict: "expected", people: 1 },
        standing: [{ verdict: "expected", expected: { repeats: "weekly", from_hour: 25 }, by: { kind: "user" } }],
      },
    });
    expect([...Value.Errors(giveFeedbackDescription.answers[200].schema, answer.body)]).toEqual([]);
    const period = { from: AT, until: AT, repeats: "WEEKLY" };
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({
      ...{ id: ID, input: { verdict: "EXPECTED", note: "n", expected: period } },
    });
    await asked(FEEDBACK, "POST", { verdict: "known_issue", cause: "T-1", expires_at: AT });
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({
      ...{ id: ID, input: { verdict: "KNOWN_ISSUE", cause: "T-1", expiresAt: AT } },
    });
  });

  it.each([
    [{ __typename: "AnomalyNotFound", id: ID }, 404, "NOT_FOUND"],
    [{ __typename: "AnomalyFeedbackLimitReached", limit: 200 }, 409, "CONFLICT"],
  ])("tell what became of feedback that was not taken: %j", async (outcome, status, code) => {
    answerWith({ giveAnomalyFeedback: outcome });
    expect(await asked(FEEDBACK, "POST", { verdict: "true" })).toMatchObject({
      ...{ status, body: { code, field: "anomaly_id" } },
    });
  });

  it("are about the caller's own tenant, and refuse what they don't know", async () => {
    const foreign = "0195e2a0-0000-7000-8000-00000000000f";
    expect(await asked(`${ACTIVE}?tenant_id=${foreign}`)).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    expect(await asked(RULE, "PUT", { tenant_id: foreign })).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    expect(await asked(`${ACTIVE}?severity=bad`)).toMatchObject({ status: 400 });
    expect(await asked(RULE, "PUT", { unknown: 1 })).toMatchObject({ status: 400 });
    expect(await asked(FEEDBACK, "POST", { tenant_id: foreign, verdict: "true" })).toMatchObject({
      body: { code: "TENANT_MISMATCH" },
    });
    for (const wrong of [{}, { verdict: "maybe" }, { verdict: "true", unknown: 1 }])
      expect(await asked(FEEDBACK, "POST", wrong)).toMatchObject({ status: 400 });
    expect(bridge.graph.calls).toEqual([]);
  });
});
