import { beforeEach, describe, expect, it } from "@jest/globals";
import type { RestRealtimeQueryQuery } from "../../generated/graphql.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT } from "../../testing/running-bridge.ts";

const PATH = "/api/v2/analytics/realtime/query";
const question = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  measures: [{ function: "count" }],
};
const { provenance } = metricsAnswer(1, "1-1").realtimeMetrics;
const data: RestRealtimeQueryQuery = {
  olap: {
    range: question.range,
    columns: [{ name: "count", role: "MEASURE", integers: [3] }],
    rowCount: 1,
    hasMore: false,
    filled: [],
    pivot: null,
    totals: [{ name: "count", role: "MEASURE", integers: [3] }],
    standardErrors: [],
    totalStandardErrors: [],
    provenance,
  },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data, rateLimit: {} }));
});

const post = async (body: unknown, headers: Record<string, string> = {}) => {
  const answer = await bridge.ask(PATH, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const told: unknown = await answer.json();
  return { status: answer.status, headers: answer.headers, body: told };
};

describe("POST /api/v2/analytics/realtime/query", () => {
  it("asks the graph's olap and answers in rows, or in columns when asked to", async () => {
    expect(await post(question)).toMatchObject({
      status: 200,
      body: { format: "rows", range: question.range, rows: [{ count: 3 }], totals: { count: 3 } },
    });
    expect(await post({ ...question, format: "columns" })).toMatchObject({
      body: { format: "columns", columns: [{ name: "count", type: "integer", values: [3] }] },
    });
    expect(bridge.graph.calls.map(({ variables }) => variables)).toEqual(
      Array.from({ length: 2 }, () => ({
        input: { range: question.range, measures: [{ function: "COUNT" }], dimensions: [] },
      })),
    );
  });

  it("tells the graph how old the answer may be, and the caller how it was come by", async () => {
    const told = { ...provenance, cache: "HIT", freshness: "PT1M" } as const;
    bridge.graph.decide(() => ({ data: { olap: { ...data.olap, provenance: told } }, rateLimit: {} }));
    const { body } = await post({ ...question, max_staleness: "PT5M" });
    expect(body).toMatchObject({ provenance: { cache: "hit", freshness: "PT1M" } });
    expect(bridge.graph.calls).toMatchObject([{ variables: { maxStaleness: "PT5M" } }]);
  });

  it("calls the graph's complaint by the name the caller used", async () => {
    const errors = [
      { message: "There is no such field.", extensions: { code: "BAD_INPUT", field: "input.filter.and.1.field" } },
    ];
    bridge.graph.decide(() => ({ errors, rateLimit: {} }));
    expect(await post(question)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field: "filters.1.field" } });
  });

  it.each<[string, unknown, Record<string, string>, number, string]>([
    ["no JSON", "{", {}, 400, "BAD_INPUT"],
    ["an empty body", "", {}, 400, "BAD_INPUT"],
    ["a list", [], {}, 400, "BAD_INPUT"],
    ["another tenant", { ...question, tenant_id: OTHER_TENANT }, {}, 403, "TENANT_MISMATCH"],
    ["text", "count", { "content-type": "text/plain" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a form", "a=b", { "content-type": "application/x-www-form-urlencoded" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a body beyond the limit", { ...question, time_zone: "x".repeat(300_000) }, {}, 413, "PAYLOAD_TOO_LARGE"],
    ["a stranger's body, unread", "{", { authorization: "Bearer stranger" }, 401, "UNAUTHENTICATED"],
    ["who accepts no JSON", question, { accept: "text/csv" }, 406, "NOT_ACCEPTABLE"],
  ])(
    "refuses %s, before the graph is asked, and records it once when the caller is known",
    async (_what, body, headers, status, code) => {
      bridge.records.length = 0;
      expect(await post(body, headers)).toMatchObject({ status, body: { code, status } });
      expect(bridge.graph.calls).toEqual([]);
      const record = {
        code,
        decision: "REFUSED",
        operationName: `POST ${PATH}`,
        fields: ["Query.olap"],
        tenantId: TENANT,
      };
      expect(bridge.records).toEqual(status === 401 ? [] : [expect.objectContaining(record)]);
    },
  );

  it("offers POST and OPTIONS, and names them to others", async () => {
    const got = await bridge.ask(PATH);
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  });
});
