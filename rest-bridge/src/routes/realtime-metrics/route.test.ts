import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { refuse } from "@tessera/platform/errors/refusal";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT, type Ask } from "../../testing/running-bridge.ts";
import { realtimeMetricsDescription } from "./description.ts";

const PATH = "/api/v2/analytics/realtime/metrics";
const rateLimit = { ratelimit: '"cost";r=9;t=5', "ratelimit-policy": '"cost";q=10;w=60' };

const bridge = bridgeOfTests();

const answering = (code: string, extensions: Record<string, unknown> = {}) =>
  bridge.graph.decide(() => ({
    data: null,
    errors: [{ message: "So it is.", extensions: { code, ...extensions } }],
    rateLimit,
  }));
const problemOf = async (path: string, init: Ask = {}) => {
  const answer = await bridge.ask(path, init);
  const body: unknown = await answer.json();
  return { status: answer.status, headers: answer.headers, body };
};

describe("GET /api/v2/analytics/realtime/metrics", () => {
  it("answers the graph's metrics in snake case, not to be stored, with the rate limit", async () => {
    bridge.graph.decide(() => ({ data: metricsAnswer(7, "9-1"), rateLimit }));
    const answer = await bridge.ask(`${PATH}?tenant_id=${TENANT}&timeframe=5m`);
    expect(answer.status).toBe(200);
    const body: unknown = await answer.json();
    expect(body).toMatchObject({
      events: 7,
      top_names: [{ name: "buy" }],
      cursor: "9-1",
      provenance: { exactness: "exact" },
    });
    expect([...Value.Errors(realtimeMetricsDescription.answers[200].schema, body)]).toEqual([]);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect([answer.headers.get("ratelimit"), answer.headers.get("ratelimit-policy")]).toEqual(Object.values(rateLimit));
    expect(answer.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  it("runs one persisted operation on behalf of the caller, in the caller's trace", async () => {
    bridge.graph.calls.length = 0;
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await bridge.ask(`${PATH}?timeframe=1h`, { headers: { traceparent } });
    expect(bridge.graph.calls).toHaveLength(1);
    expect(bridge.graph.calls[0]).toMatchObject({
      caller: { tenantId: TENANT },
      documentId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      variables: { timeframe: "PT1H" },
      traceId: "a".repeat(32),
    });
  });

  it("tells what is missing from an answer that is otherwise complete", async () => {
    const errors = [
      { message: "Late.", path: ["realtimeMetrics", "revenue"], extensions: { code: "SUBGRAPH_TIMEOUT" } },
    ];
    bridge.graph.decide(() => ({ data: metricsAnswer(7, "9-1"), errors, rateLimit: {} }));
    const { status, body } = await problemOf(PATH);
    expect(status).toBe(200);
    expect(body).toMatchObject({ warnings: [{ code: "SUBGRAPH_TIMEOUT", detail: "Late.", path: "revenue" }] });
  });

  it.each([
    ["?timeframe=5x", 400, "BAD_INPUT", "timeframe"],
    ["?timeframe=P1M", 400, "BAD_INPUT", "timeframe"],
    ["?tenant_id=mine", 400, "BAD_INPUT", "tenant_id"],
    ["?timeframes=5m", 400, "BAD_INPUT", "timeframes"],
    ["?timeframe=5m&timeframe=6m", 400, "BAD_INPUT", "timeframe"],
    [`?tenant_id=${OTHER_TENANT}`, 403, "TENANT_MISMATCH", "tenant_id"],
    ["?access_token=x", 400, "CREDENTIAL_IN_URL", "access_token"],
  ])(
    "refuses %s with %i %s, before the graph is asked, and records it once without what was sent",
    async (search, status, code, field) => {
      bridge.graph.calls.length = 0;
      bridge.records.length = 0;
      const answer = await problemOf(`${PATH}${search}`, { headers: { "x-forwarded-for": "192.0.2.9" } });
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
      expect(answer.body).toMatchObject({ type: `urn:tessera:error:${code}`, status, code, field });
      expect([answer.status, bridge.graph.calls.length]).toEqual([status, 0]);
      const record = {
        tenantId: TENANT,
        subject: { kind: "API_KEY", id: "test" },
        kind: "QUERY",
        operationName: `GET ${PATH}`,
        fields: ["Query.realtimeMetrics"],
        objects: [],
        clientAddress: "192.0.2.9",
        decision: "REFUSED",
        code,
        traceId: answer.headers.get("x-trace-id"),
      };
      // A credential in the address is refused before anybody is known by another one.
      expect(bridge.records).toEqual(code === "CREDENTIAL_IN_URL" ? [] : [expect.objectContaining(record)]);
    },
  );

  it.each(["", "Basic a2V5", "Bearer stranger"])(
    "does not know the caller behind %j: 401 with a challenge",
    async (authorization) => {
      const answer = await problemOf(PATH, { headers: { authorization } });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="tessera"']);
      expect(answer.body).toMatchObject({ code: "UNAUTHENTICATED" });
    },
  );

  it.each(["text/html", "application/xml;q=0.9, text/*", "application/json;q=0"])(
    "has nothing for Accept: %s",
    async (accept) => {
      expect(await problemOf(PATH, { headers: { accept } })).toMatchObject({
        status: 406,
        body: { code: "NOT_ACCEPTABLE" },
      });
    },
  );

  it.each([
    ["RATE_LIMITED", 429, { retryAfterSeconds: 7 }],
    ["OVERLOADED", 503, { retryAfterSeconds: 2 }],
    ["SUBGRAPH_TIMEOUT", 504, {}],
    ["SUBGRAPH_UNAVAILABLE", 503, {}],
    ["FORBIDDEN", 403, {}],
    ["BAD_INPUT", 400, { field: "timeframe" }],
  ])(
    "says the graph's %s as %i, with Retry-After when it is known, and leaves its record to the graph",
    async (code, status, extensions) => {
      answering(code, extensions);
      bridge.records.length = 0;
      const answer = await problemOf(PATH);
      expect(bridge.records).toEqual([]);
      expect(answer).toMatchObject({ status, body: { code, status, detail: "So it is.", ...extensions } });
      const retry = "retryAfterSeconds" in extensions ? String(extensions.retryAfterSeconds) : null;
      expect(answer.headers.get("retry-after")).toBe(retry);
    },
  );

  it("says a refused rate with what is left of it", async () => {
    answering("RATE_LIMITED", { retryAfterSeconds: 7 });
    expect((await problemOf(PATH)).headers.get("ratelimit")).toBe(rateLimit.ratelimit);
  });

  it("keeps to itself what went wrong inside", async () => {
    bridge.graph.decide(() => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7")));
    const inside = await problemOf(PATH);
    expect(inside).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
    expect(JSON.stringify(inside.body)).not.toContain("10.0.0.7");
    bridge.graph.decide(() =>
      Promise.reject(refuse("DEPENDENCY_UNAVAILABLE", "The gateway can't be reached.", { retryAfterSeconds: 2 })),
    );
    expect(await problemOf(PATH)).toMatchObject({ status: 503, body: { code: "DEPENDENCY_UNAVAILABLE" } });
  });

  it("offers GET, HEAD and OPTIONS, and names them to others", async () => {
    bridge.graph.decide(() => ({ data: metricsAnswer(7, "9-1"), rateLimit: {} }));
    const [head, options, put] = [
      await bridge.ask(PATH, { method: "HEAD" }),
      await bridge.ask(PATH, { method: "OPTIONS" }),
      await bridge.ask(PATH, { method: "PUT" }),
    ];
    expect([head.status, await head.text(), options.status, put.status]).toEqual([200, "", 204, 405]);
    for (const answer of [options, put]) expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(await put.json()).toMatchObject({ code: "METHOD_NOT_ALLOWED" });
  });
});
