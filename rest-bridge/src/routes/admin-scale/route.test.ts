import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT, type Ask } from "../../testing/running-bridge.ts";
import { adminScaleDescription } from "./description.ts";

const path = (tenant: string): string => `/api/v2/admin/tenants/${tenant}/scale`;
const capacity = {
  __typename: "TenantCapacity",
  concurrentQueries: 8,
  queryMemoryBytes: 1_073_741_824,
  workerWeight: 1,
};
const scaleTenant = {
  ...{
    __typename: "ScaleRequest",
    id: "0190aaaa-0000-7000-8000-00000000000a",
    state: "PENDING",
    approval: "SECOND_PERSON",
  },
  ...{ before: capacity, after: { ...capacity, concurrentQueries: 16 }, reason: "quarter end" },
  prediction: {
    ...{ __typename: "ScalePrediction", monthlyCostChange: 160, peakLoad: 6 },
    ...{ waitShareBefore: 0.4, waitShareAfter: 0.01, jobTurns: 1 },
  },
  ...{ requestedAt: "2026-11-20T12:00:00.000Z", decidedAt: null },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data: { scaleTenant }, rateLimit: {} }));
});

const post = async (tenant: string, body: unknown, init: Ask = {}) => {
  const headers = { "content-type": "application/json", ...init.headers };
  const answer = await bridge.ask(path(tenant), { ...init, method: "POST", headers, body: JSON.stringify(body) });
  const parsed: unknown = await answer.json();
  return { status: answer.status, body: parsed };
};

describe("POST /api/v2/admin/tenants/{id}/scale", () => {
  it("answers the request with its prediction and approval, as its description says", async () => {
    const { status, body } = await post(TENANT, { concurrent_queries: 16, reason: "quarter end" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: "pending",
      approval: "second_person",
      prediction: { monthly_cost_change: 160 },
    });
    expect([...Value.Errors(adminScaleDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        tenantId: TENANT,
        concurrentQueries: 16,
        queryMemoryBytes: null,
        workerWeight: null,
        reason: "quarter end",
      },
    });
  });

  it("another tenant's is for operators alone", async () => {
    const body = { worker_weight: 2, reason: "x" };
    expect(await post(OTHER_TENANT, body)).toMatchObject({ status: 403, body: { code: "TENANT_MISMATCH" } });
    expect(bridge.graph.calls).toEqual([]);
    expect(await post(TENANT, body, { headers: { authorization: "Bearer operator" } })).toMatchObject({ status: 200 });
  });

  it.each([
    [{ reason: "x", concurrent_queries: 0 }, "concurrent_queries"],
    [{ reason: "x", worker_weight: 101 }, "worker_weight"],
    [{ concurrent_queries: 2 }, "reason"],
    [{ reason: "x", more: 1 }, "more"],
  ])("refuses %j with 400, naming %s", async (body, field) => {
    expect(await post(TENANT, body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it.each([
    ["FORBIDDEN", 403],
    ["NOT_FOUND", 404],
    ["CONFLICT", 409],
  ])("says the graph's %s as %i", async (code, status) => {
    bridge.graph.decide(() => ({ data: null, errors: [{ message: "No.", extensions: { code } }], rateLimit: {} }));
    expect(await post(TENANT, { worker_weight: 2, reason: "x" })).toMatchObject({ status, body: { code } });
  });

  it("offers POST and OPTIONS", async () => {
    const get = await bridge.ask(path(TENANT));
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  });
});
