import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT, type Ask } from "../../testing/running-bridge.ts";
import { adminUsageDescription } from "./description.ts";

const path = (tenant: string, search = ""): string =>
  `/api/v2/admin/tenants/${tenant}/usage?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z${search}`;

const bridge = bridgeOfTests();

const measures = {
  ...{ __typename: "UsageMeasures", executions: 3, queries: 2, mutations: 0, subscriptions: 0, jobs: 1, exports: 0 },
  ...{ refused: 0, failed: 0, costPoints: 2.5, rowsRead: "9007199254740993", bytesRead: 0, storeMs: 1, elapsedMs: 2 },
  ...{ responseBytes: 0, exportBytes: 0, events: 0, predictions: 0, subscriptionMinutes: 1.5 },
};
const usage = {
  ...{ __typename: "Usage", tenantId: TENANT, from: "2026-11-01T00:00:00.000Z", to: "2026-12-01T00:00:00.000Z" },
  ...{ granularity: "DAY", totals: measures, truncated: false, asOf: "2026-11-20T12:00:00.000Z" },
  rows: [
    {
      ...{ __typename: "UsageRow", from: "2026-11-19T00:00:00.000Z", kind: "QUERY", operation: "A", apiKeyId: null },
      ...{ subject: { __typename: "CallerSubject", kind: "API_KEY", id: "K" }, storageBytes: null, measures },
    },
  ],
};
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data: { usage }, rateLimit: { ratelimit: '"cost";r=9;t=5' } }));
});
const answerOf = async (address: string, init: Ask = {}) => {
  const answer = await bridge.ask(address, init);
  const body: unknown = await answer.json();
  return { status: answer.status, headers: answer.headers, body };
};

describe("GET /api/v2/admin/tenants/{id}/usage", () => {
  it("answers the graph's usage in snake case, as its description says", async () => {
    const { status, body, headers } = await answerOf(path(TENANT));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ tenant_id: TENANT, granularity: "day", truncated: false },
      rows: [{ kind: "query", operation: "A", subject: { kind: "api_key", id: "K" }, measures: { cost_points: 2.5 } }],
      totals: { executions: 3, rows_read: "9007199254740993", subscription_minutes: 1.5 },
    });
    expect([...Value.Errors(adminUsageDescription.answers[200].schema, body)]).toEqual([]);
    expect(headers.get("ratelimit")).toBe('"cost";r=9;t=5');
  });

  it("asks the graph what it was asked", async () => {
    const search = "&granularity=hour&dimensions=kind,api_key&kinds=job&operations=A,%20B&subjects=ada&api_keys=k1";
    await answerOf(path(TENANT, search));
    expect(bridge.graph.calls[0]?.variables).toEqual({
      tenantId: TENANT,
      interval: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
      ...{ granularity: "HOUR", dimensions: ["KIND", "API_KEY"] },
      filter: { kinds: ["JOB"], operations: ["A", "B"], subjects: ["ada"], apiKeys: ["k1"] },
    });
  });

  it("another tenant's is for operators alone", async () => {
    expect(await answerOf(path(OTHER_TENANT))).toMatchObject({
      status: 403,
      body: { code: "TENANT_MISMATCH", field: "id" },
    });
    expect(bridge.graph.calls).toEqual([]);
    const operator = { headers: { authorization: "Bearer operator" } };
    expect(await answerOf(path(TENANT), operator)).toMatchObject({ status: 200 });
    expect(bridge.graph.calls[0]?.variables).toMatchObject({ tenantId: TENANT });
  });

  it.each([
    [path("mine"), "id"],
    [path(TENANT, "&granularity=year"), "granularity"],
    [path(TENANT, "&dimensions=user"), "dimensions"],
    [path(TENANT, "&kinds=QUERY"), "kinds"],
    [path(TENANT, "&more=1"), "more"],
    [`/api/v2/admin/tenants/${TENANT}/usage?from=yesterday&to=2026-12-01T00:00:00Z`, "from"],
    [`/api/v2/admin/tenants/${TENANT}/usage?from=2026-11-01T00:00:00Z`, "to"],
  ])("refuses %s with 400, naming %s, before the graph is asked", async (address, field) => {
    expect(await answerOf(address)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it.each([
    ["FORBIDDEN", 403, {}, {}],
    ["NOT_FOUND", 404, {}, {}],
    ["BAD_INPUT", 400, { field: "interval.from" }, { field: "from" }],
    ["BAD_INPUT", 400, { field: "filter.apiKeys" }, { field: "api_keys" }],
  ])("says the graph's %s as %i, in its own words", async (code, status, extensions, said) => {
    const errors = [{ message: "So it is.", extensions: { code, ...extensions } }];
    bridge.graph.decide(() => ({ data: null, errors, rateLimit: {} }));
    expect(await answerOf(path(TENANT))).toMatchObject({ status, body: { code, detail: "So it is.", ...said } });
  });

  it("offers GET, HEAD and OPTIONS, and asks who is calling", async () => {
    const put = await bridge.ask(path(TENANT), { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await answerOf(path(TENANT), { headers: { authorization: "" } })).toMatchObject({ status: 401 });
  });
});
