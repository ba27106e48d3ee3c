import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { Permission } from "@tessera/contracts/permissions";
import { newTenant } from "../fixture-credentials.ts";
import { SECRET } from "../fixture-graph.ts";
import { optionsWith, startGateway, type GatewayFixture } from "../gateway-fixture.ts";
import { openRaw, openSocket, until, type TestSocket } from "./socket-fixture.ts";

const EVENTS = "subscription ($after: Cursor) { events(after: $after) { cursor event { id name owner { title } } } }";
const TICKS = "subscription { ticks { value } }";
const ORIGIN = "https://studio.apollographql.com";

const next = (id: string, data: unknown) => ({ id, type: "next", payload: { data } });
const told = (cursor: number, name: string) => ({
  events: { cursor: String(cursor), event: { id: String(cursor), name, owner: { title: `owner o${cursor}` } } },
});

describe("federated subscriptions", () => {
  let graph: GatewayFixture;
  let reader: string;
  let published = 0;
  const publish = (name: string): number => {
    graph.log.publish(name);
    published += 1;
    return published;
  };
  const subscribed = async (socket: TestSocket, id: string, payload: Record<string, unknown>) => {
    const before = graph.log.opened();
    socket.subscribe(id, payload);
    await until(() => graph.log.opened() === before + 1);
  };
  beforeAll(async () => {
    graph = await startGateway({ allowedOrigins: [ORIGIN] });
    reader = graph.issue();
  });
  afterAll(() => graph.stop());

  it("tell each event with what other subgraphs know of it", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    await subscribed(socket, "a", { query: EVENTS });
    const cursor = publish("signed up");
    expect(await socket.next()).toEqual(next("a", told(cursor, "signed up")));
    socket.close();
    await until(() => graph.log.readers() === 0);
  });

  it("work with a graphql-ws client, credential in the handshake's header", async () => {
    class WithHeader extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { headers: { authorization: reader } });
      }
    }
    const client = createClient({ url: graph.wsUrl, webSocketImpl: WithHeader, retryAttempts: 0 });
    const stream = client.iterate({ query: TICKS });
    const first = stream.next();
    await until(() => graph.log.readers() === 1);
    graph.log.tick(3);
    expect((await first).value).toEqual({ data: { ticks: { value: 3 } } });
    await stream.return?.();
    await client.dispose();
    await until(() => graph.log.readers() === 0);
  });

  it("end at the subgraph at once when the client completes, without waiting for an event", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    await subscribed(socket, "a", { query: EVENTS });
    expect(graph.log.readers()).toBe(1);
    socket.complete("a");
    await until(() => graph.log.readers() === 0);
    await subscribed(socket, "a", { query: EVENTS }); // the id is free again
    socket.close();
    await until(() => graph.log.readers() === 0);
  });

  it("resume behind a cursor without gap or duplicate, across a cut", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    await subscribed(socket, "a", { query: EVENTS });
    const first = publish("one");
    expect(await socket.next()).toEqual(next("a", told(first, "one")));
    socket.close();
    await until(() => graph.log.readers() === 0);
    const missed = publish("two");
    const again = await openSocket(graph, { authorization: reader });
    await subscribed(again, "b", { query: EVENTS, variables: { after: String(first) } });
    const live = publish("three");
    expect(await again.next()).toEqual(next("b", told(missed, "two")));
    expect(await again.next()).toEqual(next("b", told(live, "three")));
    again.close();
    await until(() => graph.log.readers() === 0);
  });

  it("end with complete when the subgraph's stream ends, and with error when it refuses", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    await subscribed(socket, "a", { query: "subscription { ending { value } }" });
    graph.log.endTicks();
    expect(await socket.next()).toEqual({ id: "a", type: "complete" });
    socket.close();
    const nobody = await openSocket(graph, { authorization: graph.issue({ permissions: new Set<Permission>() }) });
    nobody.subscribe("b", { query: TICKS });
    expect(await nobody.next()).toMatchObject({
      id: "b",
      type: "error",
      payload: [{ extensions: { code: "FORBIDDEN" } }],
    });
    nobody.close();
  });

  it("never show an internal error's message", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    await subscribed(socket, "a", { query: "subscription { events { event { owner { secretly } } } }" });
    publish("x");
    const message = await socket.next();
    expect(JSON.stringify(message)).not.toContain(SECRET);
    expect(message).toMatchObject({
      type: "next",
      payload: { errors: [{ extensions: { code: "INTERNAL" }, path: ["events", "event", "owner", "secretly"] }] },
    });
    socket.close();
    await until(() => graph.log.readers() === 0);
  });

  it("share a socket with queries and mutations, whose limits are the same", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    socket.subscribe("q", { query: "{ event(id: 9) { owner { title } } }" });
    expect(await socket.next()).toEqual(next("q", { event: { owner: { title: "owner o9" } } }));
    expect(await socket.next()).toEqual({ id: "q", type: "complete" });
    socket.subscribe("m", { query: 'mutation { note(text: "hi") }' });
    expect(await socket.next()).toEqual(next("m", { note: "hi" }));
    expect(await socket.next()).toEqual({ id: "m", type: "complete" });
    socket.subscribe("bad", { query: "{ nothing }" });
    expect(await socket.next()).toMatchObject({
      id: "bad",
      type: "error",
      payload: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }],
    });
    socket.close();
  });

  it("refuse variables deep enough to exhaust a stack, and go on serving the socket and everybody else", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    const payload = `{ "query": ${JSON.stringify(EVENTS)}, "variables": { "deep": ${deep} } }`;
    socket.send(`{ "id": "a", "type": "subscribe", "payload": ${payload} }`);
    expect(await socket.next()).toMatchObject({
      id: "a",
      type: "error",
      payload: [{ extensions: { code: "BAD_INPUT", field: "variables", limit: 64 } }],
    });
    socket.subscribe("b", { query: "{ who }" });
    expect(await socket.next()).toMatchObject({ id: "b", type: "next" });
    socket.close();
  });

  it("abort a query's subgraph work when the client completes it", async () => {
    const before = graph.log.aborted();
    const socket = await openSocket(graph, { authorization: reader });
    socket.subscribe("q", { query: "{ hung }" });
    socket.send({ type: "ping" });
    expect(await socket.next()).toEqual({ type: "pong" });
    socket.complete("q");
    await until(() => graph.log.aborted() === before + 1);
    socket.close();
  });

  it("keep running when the supergraph is reloaded, and new ones follow the new graph", async () => {
    const socket = await openSocket(graph, { authorization: reader });
    await subscribed(socket, "old", { query: EVENTS });
    await graph.gateway.reload(graph.supergraphSdl);
    const cursor = publish("after the reload");
    expect(await socket.next()).toEqual(next("old", told(cursor, "after the reload")));
    await subscribed(socket, "new", { query: EVENTS });
    const later = publish("for both");
    const both = [await socket.next(), await socket.next()];
    expect(both).toEqual(
      expect.arrayContaining([next("old", told(later, "for both")), next("new", told(later, "for both"))]),
    );
    socket.close();
    await until(() => graph.log.readers() === 0);
  });

  describe("at the door", () => {
    it.each([
      ["none, as from no browser", undefined, true],
      ["an allowed one", ORIGIN, true],
      ["a foreign one", "https://evil.example", false],
      ["one that only looks allowed", `${ORIGIN}.evil.example`, false],
      ["an opaque one", "null", false],
    ])("judge an origin: %s", async (_what, origin, admitted) => {
      const opening = openRaw(graph, origin === undefined ? {} : { origin });
      if (admitted) (await opening).close();
      else await expect(opening).rejects.toThrow("403");
    });

    it("let pages of the same host in", async () => {
      (await openRaw(graph, { origin: graph.url.replace("/graphql", "") })).close();
    });

    it("refuse a credential in the URL", async () => {
      await expect(openRaw({ wsUrl: `${graph.wsUrl}?access_token=x` })).rejects.toThrow("400");
    });

    it("refuse other subprotocols", async () => {
      const socket = await openRaw(graph, { protocol: "" });
      expect((await socket.closed).code).toBe(4406);
    });

    it.each([
      ["an unknown credential", { type: "connection_init", payload: { authorization: "Bearer x" } }, 4401],
      ["no credential", { type: "connection_init" }, 4401],
      ["an operation before the credential", { id: "a", type: "subscribe", payload: { query: TICKS } }, 4401],
      ["a message that is none", { type: "hello" }, 4400],
      ["no JSON", "{", 4400],
    ])("close on %s", async (_what, message, code) => {
      const socket = await openRaw(graph);
      socket.send(message);
      expect((await socket.closed).code).toBe(code);
    });

    it("close on a second initialisation and on an id in use", async () => {
      const twice = await openSocket(graph, { authorization: reader });
      twice.send({ type: "connection_init", payload: { authorization: reader } });
      expect((await twice.closed).code).toBe(4429);
      const same = await openSocket(graph, { authorization: reader });
      same.subscribe("a", { query: TICKS });
      same.subscribe("a", { query: TICKS });
      expect((await same.closed).code).toBe(4409);
      await until(() => graph.log.readers() === 0);
    });
  });
});

describe("limits of sockets", () => {
  const subscriptions = {
    ...optionsWith().subscriptions,
    maxSocketsPerTenant: 2,
    maxOperationsPerSocket: 2,
    maxUpstreamsPerTenant: 2,
  };
  let graph: GatewayFixture;
  beforeAll(async () => {
    graph = await startGateway({ subscriptions });
  });
  afterAll(() => graph.stop());

  it("close a socket that never says who it is", async () => {
    const impatient = await startGateway({ subscriptions: { ...subscriptions, initTimeoutMs: 50 } });
    const socket = await openRaw(impatient);
    expect(await socket.closed).toEqual({ code: 4408, reason: "Connection initialisation timeout" });
    await impatient.stop();
  });

  it("cap a tenant's sockets, and count them down again", async () => {
    const tenantId = newTenant();
    const [one, two, three] = [graph.issue({ tenantId }), graph.issue({ tenantId }), graph.issue({ tenantId })];
    const first = await openSocket(graph, { authorization: one });
    const second = await openSocket(graph, { authorization: two });
    await expect(openSocket(graph, { authorization: three })).rejects.toThrow("1013");
    (await openSocket(graph, { authorization: graph.issue() })).close(); // another tenant is not touched
    first.close();
    await first.closed;
    const third = await openSocket(graph, { authorization: three });
    for (const socket of [second, third]) socket.close();
  });

  it("cap the operations of a socket and the different subscriptions of a tenant", async () => {
    const tenantId = newTenant();
    const socket = await openSocket(graph, { authorization: graph.issue({ tenantId }) });
    for (const id of ["a", "b", "c"]) socket.subscribe(id, { query: `subscription { ticks { ${id}: value } }` });
    expect(await socket.next()).toMatchObject({
      id: "c",
      type: "error",
      payload: [{ extensions: { code: "TOO_MANY_SUBSCRIPTIONS", limit: 2 } }],
    });
    const other = await openSocket(graph, { authorization: graph.issue({ tenantId }) });
    other.subscribe("d", { query: "subscription { ticks { d: value } }" });
    expect(await other.next()).toMatchObject({ id: "d", type: "error", payload: [{ extensions: { limit: 2 } }] });
    for (const each of [socket, other]) each.close();
    await until(() => graph.log.readers() === 0);
  });
});

describe("a gateway that stops", () => {
  it("sends its sockets elsewhere and ends what ran for them", async () => {
    const graph = await startGateway();
    const socket = await openSocket(graph, { authorization: graph.issue() });
    socket.subscribe("a", { query: TICKS });
    await until(() => graph.log.readers() === 1);
    await graph.gateway.stop();
    expect(await socket.closed).toEqual({ code: 1001, reason: "going away" });
    await until(() => graph.log.readers() === 0);
    await expect(openRaw(graph)).rejects.toThrow("503");
    await graph.stop();
  });
});
