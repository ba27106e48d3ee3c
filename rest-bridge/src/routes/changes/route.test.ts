import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { recordChangeDescription } from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const AT = "2026-11-20T12:00:00.000Z";

const bridge = bridgeOfTests();

const recorded = {
  ...{ __typename: "RecordedChange", id: ID, key: "build 7", kind: "DEPLOY", title: "Shop 7", at: AT, until: null },
  labels: [{ __typename: "RuleLabel", name: "service", value: "shop" }],
  ...{
    link: "https://ci.example/7",
    source: null,
    recordedBy: { __typename: "AnomalyActor", kind: "API_KEY", id: "k" },
    recordedAt: AT,
  },
};
const change = { key: "build 7", kind: "deploy", title: "Shop 7", at: AT, link: "https://ci.example/7" };
const post = async (body: unknown) => {
  const headers = { "content-type": "application/json" };
  const answer = await bridge.ask("/api/v2/changes", { method: "POST", body: JSON.stringify(body), headers });
  const json: unknown = await answer.json();
  return { status: answer.status, body: json };
};

describe("POST /api/v2/changes", () => {
  it("records what is told and answers it as its description says", async () => {
    bridge.graph.decide(() => ({ data: { recordChange: recorded }, rateLimit: {} }));
    const answer = await post({ ...change, labels: [{ name: "service", value: "shop" }] });
    expect(answer).toMatchObject({
      status: 200,
      body: { id: ID, kind: "deploy", recorded_by: { kind: "api_key", id: "k" }, recorded_at: AT },
    });
    expect([...Value.Errors(recordChangeDescription.answers[200].schema, answer.body)]).toEqual([]);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({
      input: { ...change, kind: "DEPLOY", labels: [{ name: "service", value: "shop" }] },
    });
  });

  it("is about the caller's own tenant, and refuses what it does not know before it asks the graph", async () => {
    const foreign = "0195e2a0-0000-7000-8000-00000000000f";
    expect(await post({ ...change, tenant_id: foreign })).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    for (const wrong of [{}, { ...change, kind: "party" }, { ...change, at: "today" }, { ...change, unknown: 1 }])
      expect(await post(wrong)).toMatchObject({ status: 400 });
    expect(bridge.graph.calls).toEqual([]);
  });
});
