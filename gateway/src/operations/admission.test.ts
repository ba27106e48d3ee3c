import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Permission } from "@tessera/contracts/permissions";
import { optionsWith, post, startGateway, type GatewayFixture } from "../gateway-fixture.ts";

const defaults = optionsWith();
const LIMITS = {
  ...defaults.limits,
  maxDocumentBytes: 2_000,
  maxTokens: 200,
  maxDepth: 4,
  maxAliases: 3,
  maxRootFields: 5,
  maxDirectives: 2,
  maxExpandedFields: 30,
  maxPageSize: 20,
};

const doubling = (levels: number): string => {
  const spread = (level: number) => `fragment F${level} on Event { ...F${level + 1} ...F${level + 1} }`;
  const fragments = Array.from({ length: levels }, (_each, level) => spread(level)).join(" ");
  return `{ event(id: 1) { ...F0 } } ${fragments} fragment F${levels} on Event { id name }`;
};

describe("limits before execution", () => {
  let graph: GatewayFixture;
  let reader: string;
  let developer: string;
  beforeAll(async () => {
    graph = await startGateway({ limits: LIMITS, maxCost: 450 });
    reader = graph.issue();
    developer = graph.issue({ permissions: new Set<Permission>(["schema:introspect", "analytics:read"]) });
  });
  afterAll(() => graph.stop());

  it.each([
    ["bytes", `{ who } # ${"x".repeat(2_000)}`, "QUERY_TOO_LARGE", 2_000, 2_010],
    ["tokens", `{ who ${"who ".repeat(200)} }`, "QUERY_TOO_LARGE", 200, 203],
    ["depth", "{ event(id: 1) { parent { parent { parent { id } } } } }", "QUERY_TOO_DEEP", 4, 5],
    ["aliases", "{ a: who b: who c: who d: who }", "QUERY_TOO_LARGE", 3, 4],
    ["root fields", "{ who broken refused costly hung hung }", "QUERY_TOO_LARGE", 5, 6],
    ["directives", "{ who @skip(if: true) broken @skip(if: true) refused @skip(if: true) }", "QUERY_TOO_LARGE", 2, 3],
    ["fragment amplification", doubling(5), "QUERY_TOO_LARGE", 30, 65],
    ["page sizes", "{ connection(last: 21) { nodes { id } } }", "BAD_INPUT", 20, 21],
    ["page sizes", "{ connection(first: 21) { nodes { id } } }", "BAD_INPUT", 20, 21],
    ["cost", "{ costly }", "QUERY_TOO_COSTLY", 450, 500],
  ])("refuses too many %s, telling the limit and the value found", async (_what, query, code, limit, found) => {
    const { status, body } = await post(graph, reader, { query });
    expect(status).toBe(400);
    expect(body.data).toBeUndefined();
    expect(body.errors?.[0]?.extensions).toMatchObject({ code, limit, found });
    expect(body.errors?.[0]?.message).toContain(found.toLocaleString("en-US"));
  });

  it("sees a page size in a variable and in its default", async () => {
    const query = "query ($n: Int = 25) { connection(first: $n) { nodes { id } } }";
    const byDefault = await post(graph, reader, { query });
    expect(byDefault.body.errors?.[0]?.extensions).toMatchObject({
      code: "BAD_INPUT",
      field: "connection.first",
      found: 25,
    });
    const given = await post(graph, reader, { query, variables: { n: 30 } });
    expect(given.body.errors?.[0]?.extensions).toMatchObject({ found: 30 });
    const allowed = await post(graph, reader, { query, variables: { n: 20 } });
    expect(allowed.body.data).toEqual({ connection: { nodes: [{ id: "1" }] } });
  });

  it("refuses variables nested deeper than any input, telling the limit", async () => {
    const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    const answer = await post(graph, reader, { query: "{ who }", variables: { v: nested(66) } });
    expect([answer.status, answer.body.errors?.[0]?.extensions]).toMatchObject([400, { code: "BAD_INPUT", limit: 64 }]);
    expect((await post(graph, reader, { query: "{ who }", variables: { v: nested(60) } })).status).toBe(200);
  });

  it("refuses fragments that spread themselves, also when nothing uses them", async () => {
    const query = "{ who } fragment A on Event { parent { ...B } } fragment B on Event { parent { ...A } }";
    const { body } = await post(graph, reader, { query });
    expect(body.errors?.[0]?.extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
    expect(body.errors?.[0]?.message).toContain("spreads itself");
  });

  it("counts fields hidden in fragments without walking them", async () => {
    const { body } = await post(graph, reader, { query: doubling(12) });
    expect(body.errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_LARGE", found: 2 * 2 ** 12 + 1 });
  });

  it("tells the cost when asked, counting list sizes and aliases", async () => {
    const ask = async (query: string) =>
      (await post(graph, reader, { query, extensions: { cost: true } })).body.extensions?.cost;
    expect(await ask("{ who }")).toMatchObject({ estimated: 1 });
    expect(await ask("{ events(first: 5) { id } }")).toMatchObject({ estimated: 5 });
    expect(await ask("{ events(first: 5) { id owner { title } } }")).toMatchObject({ estimated: 10 });
    expect(await ask("{ events { id } }")).toMatchObject({ estimated: 10 });
    expect(await ask("{ connection(first: 7) { nodes { id owner { id } } } }")).toMatchObject({ estimated: 15 });
    expect(await ask("{ a: events(first: 5) { id } b: events(first: 5) { id } }")).toMatchObject({ estimated: 10 });
    const { body } = await post(graph, reader, { query: "{ who }" });
    expect(body.extensions).toBeUndefined();
  });

  it("shows the schema to those who may introspect, and its names to nobody else", async () => {
    const query = "{ __schema { queryType { name } } }";
    const refused = await post(graph, reader, { query });
    expect([refused.status, refused.body.errors?.[0]?.extensions.code]).toEqual([403, "INTROSPECTION_DISABLED"]);
    const hidden = await post(graph, reader, {
      query: 'query { ...F } fragment F on Query { x: __type(name: "Event") { name } }',
    });
    expect(hidden.body.errors?.[0]?.extensions.code).toBe("INTROSPECTION_DISABLED");
    const shown = await post(graph, developer, { query });
    expect(shown.body).toEqual({ data: { __schema: { queryType: { name: "Query" } } } });
    const stranger = await post(graph, reader, { query: "{ event(id: 1) { nam } }" });
    expect(stranger.body.errors?.[0]?.message).toBe('Cannot query field "nam" on type "Event".');
    const known = await post(graph, developer, { query: "{ event(id: 1) { nam } }" });
    expect(known.body.errors?.[0]?.message).toContain('Did you mean "name"');
    const typename = await post(graph, reader, { query: "{ __typename event(id: 1) { __typename } }" });
    expect(typename.body.data).toEqual({ __typename: "Query", event: { __typename: "Event" } });
  });

  it("holds callers of this process to the same limits", async () => {
    const result = await graph.gateway.execute(graph.callerOf(reader), { query: "{ a: who b: who c: who d: who }" });
    expect(result.errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_LARGE", limit: 3, found: 4 });
  });
});
