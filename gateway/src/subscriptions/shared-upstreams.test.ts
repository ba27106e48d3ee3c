import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { Permission } from "@tessera/contracts/permissions";
import { z } from "zod";
import { newTenant } from "../fixture-credentials.ts";
import { optionsWith, startGateway, type GatewayFixture } from "../gateway-fixture.ts";
import { openSocket, until, type TestSocket } from "./socket-fixture.ts";

const EVENTS = "subscription ($after: Cursor) { events(after: $after) { cursor tenantId subject } }";
const TICKS = "subscription { ticks { value } }";

describe("shared subscriptions", () => {
  let graph: GatewayFixture;
  const open = new Set<TestSocket>();
  beforeAll(async () => {
    const subscriptions = { ...optionsWith().subscriptions, maxWaitingMessages: 8, maxSocketBufferBytes: 16_384 };
    graph = await startGateway({ subscriptions });
  });
  afterAll(() => graph.stop());
  const connect = async (authorization: string) => {
    const socket = await openSocket(graph, { authorization });
    open.add(socket);
    return socket;
  };
  const closeAll = async () => {
    for (const socket of open) socket.close();
    open.clear();
    await until(() => graph.log.readers() === 0);
  };
  /** Sends a subscription and waits until the gateway has handled it: a later ping on the same socket is answered. */
  const subscribe = async (socket: TestSocket, id: string, payload: Record<string, unknown>) => {
    socket.subscribe(id, payload);
    socket.send({ type: "ping" });
    for (let message = await socket.next(); message.type !== "pong"; message = await socket.next()) {
      if (message.type !== "next") throw new Error(JSON.stringify(message));
    }
  };

  it("run once at the subgraph for many readers of one tenant, and end with the last", async () => {
    const tenantId = newTenant();
    const before = graph.log.opened();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(graph.issue({ tenantId }))));
    await Promise.all(sockets.map((socket, index) => subscribe(socket, `id-${index}`, { query: EVENTS })));
    await until(() => graph.log.readers() === 1);
    graph.log.publish("for all");
    const messages = await Promise.all(sockets.map((socket) => socket.next()));
    expect(messages.map(({ id }) => id)).toEqual(sockets.map((_each, index) => `id-${index}`));
    expect(new Set(messages.map(({ payload }) => JSON.stringify(payload))).size).toBe(1);
    expect(messages[0]?.payload).toMatchObject({ data: { events: { tenantId, subject: "shared-subscription" } } });
    for (const socket of sockets.slice(1)) socket.close();
    graph.log.publish("for one");
    expect(await sockets[0]?.next()).toMatchObject({ type: "next" });
    expect(graph.log.opened()).toBe(before + 1);
    await closeAll();
  });

  it("are never shared where what is answered depends on who asks: each is asked as its reader", async () => {
    const tenantId = newTenant();
    const before = graph.log.opened();
    const people = ["ada", "bob", "ada"];
    const sockets = await Promise.all(
      people.map((id) => connect(graph.issue({ tenantId, subject: { kind: "USER", id } }))),
    );
    const query = "subscription { dashboardChanged { subject } }";
    for (const socket of sockets) await subscribe(socket, "a", { query });
    expect(graph.log.opened()).toBe(before + people.length);
    graph.log.publish("for each");
    const told = await Promise.all(sockets.map((socket) => socket.next()));
    expect(told.map(({ payload }) => payload)).toEqual(
      people.map((subject) => ({ data: { dashboardChanged: { subject } } })),
    );
    await closeAll();
  });

  it("are never shared between data policies and grants", async () => {
    const tenantId = newTenant();
    const policyOf = (country: string): DataPolicy => ({
      ...{ allow: { country: [country] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {} },
      salt: "0".repeat(32),
    });
    const before = graph.log.opened();
    const different: Partial<Caller>[] = [
      { tenantId },
      { tenantId, dataPolicy: policyOf("DE") },
      { tenantId, dataPolicy: policyOf("FR") },
      { tenantId, grantId: "0190aaaa-0000-7000-8000-000000000001" },
    ];
    for (const rights of different) await subscribe(await connect(graph.issue(rights)), "a", { query: EVENTS });
    expect(graph.log.opened()).toBe(before + different.length);
    await subscribe(await connect(graph.issue({ tenantId, dataPolicy: policyOf("FR") })), "b", { query: EVENTS });
    expect(graph.log.opened()).toBe(before + different.length);
    await closeAll();
  });

  it("are never shared between tenants, permissions, variables, documents, or places in the log", async () => {
    const tenantId = newTenant();
    const key = () => graph.issue({ tenantId });
    graph.log.publish("early");
    const before = graph.log.opened();
    const different: [string, Record<string, unknown>][] = [
      [key(), { query: EVENTS }],
      [graph.issue(), { query: EVENTS }],
      [graph.issue({ tenantId, permissions: new Set<Permission>(["analytics:read"]) }), { query: EVENTS }],
      [key(), { query: `${EVENTS} ` }],
      [key(), { query: EVENTS, variables: { after: "1000" } }],
      [key(), { query: EVENTS, variables: { after: "1000" } }],
      [key(), { query: 'subscription { events(after: "1000") { cursor } }' }],
      [key(), { query: 'subscription { events(after: "1000") { cursor } }' }],
      [key(), { query: 'subscription ($after: Cursor = "1000") { events(after: $after) { cursor } }' }],
      [key(), { query: 'subscription ($after: Cursor = "1000") { events(after: $after) { cursor } }' }],
    ];
    for (const [authorization, payload] of different) await subscribe(await connect(authorization), "a", payload);
    expect(graph.log.opened()).toBe(before + different.length);
    await subscribe(await connect(key()), "b", { query: EVENTS, variables: {} });
    expect(graph.log.opened()).toBe(before + different.length);
    await closeAll();
  });

  it("bring a late reader of a state up to date, and a late reader of a log to the present", async () => {
    const tenantId = newTenant();
    const [early, late] = [await connect(graph.issue({ tenantId })), await connect(graph.issue({ tenantId }))];
    await subscribe(early, "state", { query: TICKS });
    await subscribe(early, "log", { query: EVENTS });
    graph.log.tick(41);
    graph.log.publish("before");
    await early.next();
    await early.next();
    late.subscribe("state", { query: TICKS });
    expect(await late.next()).toEqual({ id: "state", type: "next", payload: { data: { ticks: { value: 41 } } } });
    await subscribe(late, "log", { query: EVENTS });
    graph.log.publish("after");
    const [atEarly, atLate] = [await early.next(), await late.next()];
    expect(atLate.payload).toEqual(atEarly.payload);
    expect(late.unread()).toEqual([]);
    await closeAll();
  });

  it("are never shared where the first message tells what no later one does: a late reader is told where all stands", async () => {
    const tenantId = newTenant();
    const query = "subscription { alertState { names } }";
    const namesAt = async (socket: TestSocket): Promise<unknown> => (await socket.next()).payload;
    const told = (names: readonly string[]) => ({ data: { alertState: { names } } });
    const [early, late] = [await connect(graph.issue({ tenantId })), await connect(graph.issue({ tenantId }))];
    early.subscribe("a", { query });
    const standing = z.object({ data: z.object({ alertState: z.object({ names: z.array(z.string()) }) }) });
    const { names } = standing.parse(await namesAt(early)).data.alertState;
    graph.log.publish("a step");
    expect(await namesAt(early)).toEqual(told(["a step"]));
    late.subscribe("a", { query });
    expect(await namesAt(late)).toEqual(told([...names, "a step"]));
    graph.log.publish("another");
    expect([await namesAt(early), await namesAt(late)]).toEqual([told(["another"]), told(["another"])]);
    await closeAll();
  });

  it("end a slow reader's subscription alone, naming the last cursor from which it resumes without a gap", async () => {
    const tenantId = newTenant();
    const PADDED = "subscription ($after: Cursor) { events(after: $after, pad: 200000) { cursor pad } }";
    const [slow, fast] = [await connect(graph.issue({ tenantId })), await connect(graph.issue({ tenantId }))];
    await subscribe(slow, "big", { query: PADDED });
    await subscribe(slow, "small", { query: TICKS });
    await subscribe(fast, "big", { query: PADDED });
    slow.pause();
    const sent = 120;
    for (let count = 0; count < sent; count += 1) {
      graph.log.publish(`e${count}`);
      await fast.next(); // a fast reader is not held back
    }
    slow.resume();
    const cursors: number[] = [];
    let message = await slow.next();
    while (message.type === "next") {
      // boundary: the test's own subgraph answers this shape.
      cursors.push(Number((message.payload as { data: { events: { cursor: string } } }).data.events.cursor));
      message = await slow.next();
    }
    expect(cursors.length).toBeLessThan(sent);
    expect(message).toMatchObject({
      id: "big",
      type: "error",
      payload: [{ extensions: { code: "SLOW_CONSUMER", lastCursor: String(cursors.at(-1)) } }],
    });
    graph.log.tick(1);
    expect(await slow.next()).toMatchObject({ id: "small", type: "next" });
    slow.subscribe("again", { query: PADDED, variables: { after: String(cursors.at(-1)) } });
    const resumed = await slow.next();
    expect(resumed).toMatchObject({
      id: "again",
      payload: { data: { events: { cursor: String((cursors.at(-1) ?? 0) + 1) } } },
    });
    await closeAll();
  });
});
