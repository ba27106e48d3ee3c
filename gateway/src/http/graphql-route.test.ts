import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { post, startGateway, type GatewayFixture } from "../gateway-fixture.ts";

const JSON_TYPE = "application/json";
const GRAPHQL_TYPE = "application/graphql-response+json";
const ORIGIN = "https://studio.apollographql.com";

describe("GraphQL over HTTP", () => {
  let graph: GatewayFixture;
  let reader: string;
  beforeAll(async () => {
    graph = await startGateway({ allowedOrigins: [ORIGIN] });
    reader = graph.issue();
  });
  afterAll(() => graph.stop());

  const statusOf = async (body: unknown, accept: string) => (await post(graph, reader, body, { accept })).status;

  it.each([
    ["a document that runs", { query: "{ who }" }, 200, 200],
    ["partial data", { query: "{ who broken }" }, 200, 200],
    ["a syntax error", { query: "{" }, 200, 400],
    ["an unknown field", { query: "{ nothing }" }, 200, 400],
    ["a missing variable", { query: "query ($id: ID!) { event(id: $id) { id } }" }, 200, 400],
    ["a wrong variable", { query: "query ($n: Int) { events(first: $n) { id } }", variables: { n: "x" } }, 200, 400],
    ["no document", { variables: {} }, 400, 400],
    ["a document that is no text", { query: 1 }, 400, 400],
    ["variables that are no object", { query: "{ who }", variables: [1] }, 400, 400],
    ["an unknown operation name", { query: "query A { who }", operationName: "B" }, 400, 400],
    ["several operations and no name", { query: "query A { who } query B { who }" }, 400, 400],
    ["a batch", [{ query: "{ who }" }], 400, 400],
    ["a subscription", { query: "subscription { ticks { value } }" }, 400, 400],
    ["a body that is no JSON", "{ who", 400, 400],
  ])("%s has the status each media type asks for", async (_name, body, asJson, asGraphql) => {
    expect(await statusOf(body, JSON_TYPE)).toBe(asJson);
    expect(await statusOf(body, GRAPHQL_TYPE)).toBe(asGraphql);
  });

  it.each([
    [GRAPHQL_TYPE, GRAPHQL_TYPE],
    [JSON_TYPE, JSON_TYPE],
    ["*/*", JSON_TYPE],
    [`text/html;q=0.9, ${GRAPHQL_TYPE}`, GRAPHQL_TYPE],
  ])("answers %s with %s", async (accept, given) => {
    const { headers } = await post(graph, reader, { query: "{ who }" }, { accept });
    expect(headers.get("content-type")).toBe(`${given}; charset=utf-8`);
  });

  it("runs nothing for a client that can't read the answer", async () => {
    const { status, body } = await post(graph, reader, { query: "{ who }" }, { accept: "text/csv" });
    expect([status, body.code]).toEqual([406, "NOT_ACCEPTABLE"]);
  });

  it("answers queries by GET and refuses mutations", async () => {
    const get = (query: string) =>
      fetch(`${graph.url}?query=${encodeURIComponent(query)}`, {
        headers: { authorization: reader, "apollo-require-preflight": "1" },
      });
    const query = await get("{ event(id: 5) { name } }");
    await expect(query.json()).resolves.toEqual({ data: { event: { name: "event 5" } } });
    const mutation = await get('mutation { note(text: "x") }');
    expect([mutation.status, mutation.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("refuses what a foreign page could send without asking first", async () => {
    const form = await fetch(graph.url, {
      method: "POST",
      headers: { authorization: reader, "content-type": "text/plain" },
      body: JSON.stringify({ query: "{ who }" }),
    });
    expect(form.status).toBe(400);
    const link = await fetch(`${graph.url}?query=%7Bwho%7D`, { headers: { authorization: reader } });
    expect(link.status).toBe(400);
  });

  it.each(["PUT", "PATCH", "DELETE"])("refuses %s and names what it offers", async (method) => {
    const response = await fetch(graph.url, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  it("refuses bodies that are too large or of a foreign type", async () => {
    const large = await post(graph, reader, { query: "{ who }", variables: { x: "x".repeat(3_000_000) } });
    expect([large.status, large.body.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    const foreign = await post(graph, reader, "<who/>", { "content-type": "application/xml" });
    expect([foreign.status, foreign.body.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  it.each(["access_token", "token", "api_key", "Authorization"])(
    "refuses a credential in the URL (%s)",
    async (name) => {
      const { status, text, body } = await post({ url: `${graph.url}?${name}=s3cret` }, reader, { query: "{ who }" });
      expect([status, body.code]).toEqual([400, "CREDENTIAL_IN_URL"]);
      expect(text).not.toContain("s3cret");
    },
  );

  it("sends a browser that opens the address to GraphiQL", async () => {
    const response = await fetch(graph.url, { redirect: "manual", headers: { accept: "text/html,*/*;q=0.8" } });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/graphiql"]);
  });

  it("lets pages of allowed origins read answers and no others", async () => {
    const allowed = await post(graph, reader, { query: "{ who }" }, { origin: ORIGIN });
    expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    const other = await post(graph, reader, { query: "{ who }" }, { origin: "https://evil.example" });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    const preflight = await fetch(graph.url, { method: "OPTIONS", headers: { origin: ORIGIN } });
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  });

  it("carries the caller's trace id to the header and to answers with errors, and is never cached", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const { headers, body } = await post(graph, reader, { query: "{ broken }" }, { traceparent });
    expect(headers.get("x-trace-id")).toBe(traceId);
    expect(headers.get("cache-control")).toContain("no-store");
    expect(body.extensions?.traceId).toBe(traceId);
    expect(graph.logged.join("\n")).toContain(traceId);
  });
});
