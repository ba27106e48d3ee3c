import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT, type Ask } from "../../testing/running-bridge.ts";
import { adminLimitsDescription } from "./description.ts";

const path = (tenant: string): string => `/api/v2/admin/tenants/${tenant}/limits`;
const level = {
  ...{ __typename: "LimitLevel", scope: "API_KEY", scopeId: "K1", soft: null, hard: 9, graceSeconds: 0 },
  ...{ fromTier: false, used: null, standing: "WITHIN", graceUntil: null },
};
const setLimits = {
  ...{ __typename: "TenantLimits", tenantId: TENANT, tier: "TEAM", features: ["exports"] },
  limits: [{ __typename: "EffectiveLimit", metric: "JOBS", hard: 9, standing: "WITHIN", levels: [level] }],
  overrides: [
    { __typename: "SetLimit", metric: "JOBS", scope: "API_KEY", scopeId: "K1", soft: null, hard: 9, graceSeconds: 0 },
  ],
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data: { setLimits }, rateLimit: {} }));
});

const put = async (tenant: string, body: unknown, init: Ask = {}) => {
  const headers = { "content-type": "application/json", ...init.headers };
  const answer = await bridge.ask(path(tenant), { ...init, method: "PUT", headers, body: JSON.stringify(body) });
  const parsed: unknown = await answer.json();
  return { status: answer.status, body: parsed };
};
const ofKey = { metric: "jobs", scope: "api_key", scope_id: "K1", hard: 9 };

describe("PUT /api/v2/admin/tenants/{id}/limits", () => {
  it("answers what holds afterwards, as its description says", async () => {
    const { status, body } = await put(TENANT, { limits: [ofKey] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ tier: "team", limits: [{ metric: "jobs", levels: [{ scope: "api_key", scope_id: "K1", hard: 9 }] }] },
      overrides: [{ metric: "jobs", scope: "api_key" }],
    });
    expect([...Value.Errors(adminLimitsDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        tenantId: TENANT,
        limits: [
          { metric: "JOBS", scope: "API_KEY", scopeId: "K1", soft: null, hard: 9, graceSeconds: 0, unlimited: false },
        ],
      },
    });
  });

  it("another tenant's is for operators alone", async () => {
    expect(await put(OTHER_TENANT, { limits: [ofKey] })).toMatchObject({
      status: 403,
      body: { code: "TENANT_MISMATCH" },
    });
    expect(bridge.graph.calls).toEqual([]);
    const operator = { headers: { authorization: "Bearer operator" } };
    expect(await put(TENANT, { limits: [ofKey] }, operator)).toMatchObject({ status: 200 });
  });

  it.each([
    [{ limits: [] }, "limits"],
    [{ limits: [{ ...ofKey, metric: "JOBS" }] }, "limits.0.metric"],
    [{ limits: [{ ...ofKey, grace_seconds: -1 }] }, "limits.0.grace_seconds"],
    [{}, "limits"],
  ])("refuses %j with 400, naming %s", async (body, field) => {
    expect(await put(TENANT, body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it.each([
    ["FORBIDDEN", 403, {}, {}],
    ["CONFLICT", 409, {}, {}],
    ["BAD_INPUT", 400, { field: "input.limits.0.graceSeconds" }, { field: "limits.0.grace_seconds" }],
  ])("says the graph's %s as %i, in its own words", async (code, status, extensions, said) => {
    const errors = [{ message: "No.", extensions: { code, ...extensions } }];
    bridge.graph.decide(() => ({ data: null, errors, rateLimit: {} }));
    expect(await put(TENANT, { limits: [ofKey] })).toMatchObject({ status, body: { code, ...said } });
  });

  it("offers PUT and OPTIONS", async () => {
    const get = await bridge.ask(path(TENANT));
    expect([get.status, get.headers.get("allow")]).toEqual([405, "PUT, OPTIONS"]);
  });
});
