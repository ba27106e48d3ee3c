import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { post, startGateway, type GatewayFixture } from "../gateway-fixture.ts";
import { openSocket } from "../subscriptions/socket-fixture.ts";
import { operationIdOf, readManifests } from "./persisted-operations.ts";

const LISTED = "query Who { who }";
const TICKS = "subscription Ticks { ticks { value } }";
const manifest = { [operationIdOf(LISTED)]: LISTED, [operationIdOf(TICKS)]: TICKS };
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const automatic = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });

describe("an enforced safelist", () => {
  let graph: GatewayFixture;
  let reader: string;
  beforeAll(async () => {
    graph = await startGateway({ manifest, safelist: "enforce" });
    reader = graph.issue();
  });
  afterAll(() => graph.stop());

  it.each([
    ["its id", { documentId: operationIdOf(LISTED) }],
    ["the hash of automatic persisted queries", { extensions: automatic(LISTED) }],
    ["its text", { query: LISTED }],
  ])("runs a registered operation by %s", async (_how, body) => {
    const answer = await post(graph, reader, body);
    expect([answer.status, Object.keys(answer.body.data ?? {})]).toEqual([200, ["who"]]);
  });

  it("runs one by GET", async () => {
    const response = await fetch(`${graph.url}?documentId=${encodeURIComponent(operationIdOf(LISTED))}`, {
      headers: { authorization: reader, "apollo-require-preflight": "1" },
    });
    await expect(response.json()).resolves.toMatchObject({ data: { who: expect.any(String) } });
  });

  it.each([
    ["any other text", { query: "query Who { who } " }, 403, "OPERATION_NOT_SAFELISTED"],
    ["a text that does not even parse", { query: "{" }, 403, "OPERATION_NOT_SAFELISTED"],
    ["an unknown id", { documentId: operationIdOf("{ who }") }, 404, "PERSISTED_QUERY_NOT_FOUND"],
    [
      "a registration from outside",
      { query: "{ who }", extensions: automatic("{ who }") },
      403,
      "OPERATION_NOT_SAFELISTED",
    ],
    ["a text under a false hash", { query: "{ who }", extensions: automatic(LISTED) }, 400, "BAD_INPUT"],
    ["both an id and a text", { query: LISTED, documentId: operationIdOf(LISTED) }, 400, "BAD_INPUT"],
  ])("refuses %s", async (_what, body, status, code) => {
    const answer = await post(graph, reader, body);
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([status, code]);
  });

  it("holds WebSocket to the same list, and takes ids there too", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    socket.subscribe("a", { query: "subscription { ticks { value } }" });
    expect(await socket.next()).toMatchObject({
      id: "a",
      type: "error",
      payload: [{ extensions: { code: "OPERATION_NOT_SAFELISTED" } }],
    });
    socket.subscribe("b", { documentId: operationIdOf(TICKS) });
    await socket.until(() => graph.log.readers() === 1);
    graph.log.tick(1);
    expect(await socket.next()).toEqual({ id: "b", type: "next", payload: { data: { ticks: { value: 1 } } } });
    socket.subscribe("c", { documentId: operationIdOf(LISTED) });
    expect(await socket.next()).toMatchObject({ id: "c", type: "next" });
    socket.close();
  });

  it("lets this process's own code run what it knows", async () => {
    await expect(graph.gateway.execute(graph.callerOf(reader), { query: "{ costly }" })).resolves.toEqual({
      data: { costly: 1 },
    });
  });
});

describe("other safelist modes", () => {
  it("warns of strangers without refusing them", async () => {
    const graph = await startGateway({ manifest, safelist: "warn" });
    const reader = graph.issue();
    expect((await post(graph, reader, { query: "{ who }" })).status).toBe(200);
    expect((await post(graph, reader, { query: LISTED })).status).toBe(200);
    expect(await graph.metrics.expose()).toContain('tessera_gateway_unregistered_total{transport="http"} 1');
    await graph.stop();
  });

  it("serves automatic persisted queries while it is off", async () => {
    const graph = await startGateway();
    const reader = graph.issue();
    const unknown = await post(graph, reader, { extensions: automatic("{ who }") });
    expect(unknown.body.errors?.[0]).toMatchObject({
      message: "PersistedQueryNotFound",
      extensions: { code: "PERSISTED_QUERY_NOT_FOUND" },
    });
    expect((await post(graph, reader, { query: "{ who }", extensions: automatic("{ who }") })).status).toBe(200);
    expect((await post(graph, reader, { extensions: automatic("{ who }") })).status).toBe(200);
    await graph.stop();
  });
});

describe("readManifests", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "manifest-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it("merges several files", () => {
    const [one, two] = [operationIdOf(LISTED), operationIdOf(TICKS)];
    expect(readManifests([write("a.json", { [one]: LISTED }), write("b.json", { [two]: TICKS })])).toEqual(manifest);
  });

  it("names the file whose document is not what its id says", () => {
    const path = write("c.json", { [operationIdOf(LISTED)]: TICKS });
    expect(() => readManifests([path])).toThrow(/c\.json.*another hash/);
  });
});
