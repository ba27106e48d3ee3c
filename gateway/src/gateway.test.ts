import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SECRET } from "./fixture-graph.ts";
import { post, startGateway, type GatewayFixture } from "./gateway-fixture.ts";

describe("the graph over HTTP", () => {
  let graph: GatewayFixture;
  let reader: string;
  beforeAll(async () => {
    graph = await startGateway({}, 300);
    reader = graph.issue();
  });
  afterAll(() => graph.stop());

  it("answers across subgraphs", async () => {
    const { status, body } = await post(graph, reader, { query: "{ events(first: 2) { id owner { title } } }" });
    expect(status).toBe(200);
    expect(body).toEqual({
      data: {
        events: [
          { id: "1", owner: { title: "owner o1" } },
          { id: "2", owner: { title: "owner o2" } },
        ],
      },
    });
  });

  it("refuses strangers with a problem document before anything else is read", async () => {
    const { status, headers, body } = await post(graph, null, { query: "{ this is not GraphQL" });
    expect(status).toBe(401);
    expect(headers.get("content-type")).toMatch(/application\/problem\+json/);
    expect(headers.get("www-authenticate")).toMatch(/Bearer/);
    expect(body).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("never shows an internal error's message, wherever it happens", async () => {
    const { status, text, body } = await post(graph, reader, {
      query: "{ broken event(id: 1) { owner { secretly } } }",
    });
    expect(status).toBe(200);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("stack");
    expect(body.data).toEqual({ broken: null, event: { owner: { secretly: null } } });
    const codes = body.errors?.map(({ extensions, path }) => [extensions, path]);
    expect(codes).toEqual(
      expect.arrayContaining([
        [expect.objectContaining({ code: "INTERNAL" }), ["broken"]],
        [expect.objectContaining({ code: "INTERNAL" }), ["event", "owner", "secretly"]],
      ]),
    );
    expect(body.extensions?.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("says a refusal's code, sentence and field as the subgraph said them", async () => {
    const { body } = await post(graph, reader, { query: "{ refused }" });
    expect(body.errors).toEqual([
      expect.objectContaining({
        message: "There is no such event.",
        extensions: { code: "NOT_FOUND", field: "id" },
      }),
    ]);
  });

  it("answers what it has when one subgraph hangs", async () => {
    const { status, body } = await post(graph, reader, { query: "{ event(id: 1) { name owner { lost } } }" });
    expect(status).toBe(200);
    expect(body.data).toEqual({ event: { name: "event 1", owner: { lost: null } } });
    expect(body.errors).toEqual([
      expect.objectContaining({ extensions: expect.objectContaining({ code: "SUBGRAPH_TIMEOUT", service: "owners" }) }),
    ]);
  });

  it("aborts the subgraph's work when the client leaves", async () => {
    const before = graph.log.aborted();
    const controller = new AbortController();
    const response = fetch(graph.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: reader },
      body: JSON.stringify({ query: "{ hung }" }),
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 50);
    await expect(response).rejects.toThrow(/abort/i);
    const deadline = Date.now() + 5_000;
    while (graph.log.aborted() === before && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
    expect(graph.log.aborted()).toBe(before + 1);
  });

  it("answers one process's own callers under the same rules", async () => {
    const caller = graph.callerOf(reader);
    await expect(graph.gateway.execute(caller, { query: "{ event(id: 7) { name } }" })).resolves.toEqual({
      data: { event: { name: "event 7" } },
    });
    const refused = await graph.gateway.execute(caller, { query: "{ nothing }" });
    expect(refused.errors?.[0]?.extensions["code"]).toBe("GRAPHQL_VALIDATION_FAILED");
  });

  it("probes each subgraph", async () => {
    const probes = graph.gateway.probes();
    expect(probes.map(({ name }) => name)).toEqual(["subgraph:events", "subgraph:owners"]);
    await Promise.all(probes.map((probe) => probe.check()));
  });

  it("counts operations, errors by code and the plan cache", async () => {
    await post(graph, reader, { query: "{ who }" });
    await post(graph, reader, { query: "{ who }" });
    const text = await graph.metrics.expose();
    expect(text).toMatch(/tessera_gateway_requests_total\{transport="http",kind="query",outcome="ok"\} \d+/);
    expect(text).toMatch(/tessera_gateway_errors_total\{code="INTERNAL"\} \d+/);
    expect(text).toMatch(/tessera_gateway_plan_cache_total\{outcome="hit"\} \d+/);
    expect(text).toMatch(/tessera_gateway_request_seconds_bucket\{le="1",kind="query"\} \d+/);
  });
});

describe("a gateway's life", () => {
  it("refuses with 503 and Retry-After until it is started", async () => {
    const early: Awaited<ReturnType<typeof post>>[] = [];
    const graph = await startGateway({}, 300, async (fixture) => {
      early.push(await post(fixture, fixture.issue(), { query: "{ who }" }));
    });
    expect(early[0]).toMatchObject({ status: 503, body: { code: "OVERLOADED" } });
    expect(Number(early[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    await graph.stop();
  });

  it("answers what is under way before it stops, and lets nobody new in", async () => {
    // The field never answers; its subgraph is given up after two seconds, long after a busy machine has begun the request.
    const graph = await startGateway({}, 2_000);
    const reader = graph.issue();
    const running = post(graph, reader, { query: "{ event(id: 1) { owner { lost } } }" });
    await new Promise((done) => setTimeout(done, 1_000));
    const stopped = graph.stop();
    const late = await post(graph, reader, { query: "{ who }" });
    expect(late.status).toBe(503);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    await expect(running).resolves.toMatchObject({ status: 200 });
    await stopped;
  });

  it("serves the new graph after a reload and keeps the old one when the new one is bad", async () => {
    const graph = await startGateway();
    const reader = graph.issue();
    await expect(graph.gateway.reload("type Query { nothing: Int }")).rejects.toThrow();
    await expect(post(graph, reader, { query: "{ costly }" })).resolves.toMatchObject({
      body: { data: { costly: 1 } },
    });
    await graph.gateway.reload(graph.supergraphSdl.replace(/^ *costly: Int.*$/m, ""));
    const { body } = await post(graph, reader, { query: "{ costly }" });
    expect(body.errors?.[0]?.extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
    await expect(post(graph, reader, { query: "{ event(id: 1) { id } }" })).resolves.toMatchObject({ status: 200 });
    await graph.stop();
  });

  it("serves the same answers over stock @apollo/gateway", async () => {
    const graph = await startGateway({ executor: "stock" });
    const { body } = await post(graph, graph.issue(), { query: "{ event(id: 1) { name owner { title } } }" });
    expect(body).toEqual({ data: { event: { name: "event 1", owner: { title: "owner o1" } } } });
    await graph.stop();
  });
});
