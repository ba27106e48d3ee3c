import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Permission } from "@tessera/contracts/permissions";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { callerWith } from "../fixture-credentials.ts";
import { optionsWith, startGateway, type GatewayFixture } from "../gateway-fixture.ts";
import { createCredentialChecks, MAX_UNCONFIRMED_MS } from "./credential-checks.ts";
import { openSocket, until } from "./socket-fixture.ts";

const TICKS = "subscription { ticks { value } }";

describe("a socket's credential", () => {
  let graph: GatewayFixture;
  beforeAll(async () => {
    const subscriptions = { ...optionsWith().subscriptions, credentialCheckMs: 40 };
    graph = await startGateway({ subscriptions });
  });
  afterAll(() => graph.stop());

  const soon = (milliseconds: number) => ({ expiresAtMs: Date.now() + milliseconds });

  it("closes the socket and all that runs on it when it expires", async () => {
    const socket = await openSocket(graph, { authorization: graph.issue(soon(400)) });
    socket.subscribe("a", { query: TICKS });
    await until(() => graph.log.readers() === 1);
    const { code, reason } = await socket.closed;
    expect([code, reason]).toEqual([4403, expect.stringContaining("expired")]);
    await until(() => graph.log.readers() === 0);
  });

  it("can be renewed in band, and the subscription runs on", async () => {
    const caller = callerWith(soon(500));
    const [old, renewed] = [graph.issue(caller), graph.issue({ ...caller, expiresAtMs: null })];
    const socket = await openSocket(graph, { authorization: old });
    socket.subscribe("a", { query: TICKS });
    socket.send({ type: "ping", payload: { authorization: renewed } });
    expect(await socket.next()).toEqual({ type: "pong", payload: { authorized: true, expiresAtMs: null } });
    graph.revoke(old); // the old one no longer matters
    await until(() => Date.now() > (caller.expiresAtMs ?? 0) + 500);
    graph.log.tick(5);
    expect(await socket.next()).toMatchObject({ id: "a", payload: { data: { ticks: { value: 5 } } } });
    socket.close();
    await until(() => graph.log.readers() === 0);
  });

  it("cannot be renewed by another tenant's, nor by one that is unknown", async () => {
    const other = await openSocket(graph, { authorization: graph.issue() });
    other.send({ type: "ping", payload: { authorization: graph.issue() } });
    expect((await other.closed).code).toBe(4403);
    const unknown = await openSocket(graph, { authorization: graph.issue() });
    unknown.send({ type: "ping", payload: { authorization: "Bearer nobody" } });
    expect((await unknown.closed).code).toBe(4401);
  });

  it("closes the socket when it is revoked", async () => {
    const header = graph.issue();
    const socket = await openSocket(graph, { authorization: header });
    graph.revoke(header);
    expect(await socket.closed).toEqual({ code: 4401, reason: "The key is not known." });
  });

  it("closes the socket when its permissions change", async () => {
    const header = graph.issue();
    const socket = await openSocket(graph, { authorization: header });
    graph.change(header, { ...graph.callerOf(header), permissions: new Set<Permission>(["jobs:read"]) });
    expect(await socket.closed).toMatchObject({ code: 4403, reason: expect.stringContaining("permissions") });
  });

  it("keeps the socket while nobody can be asked", async () => {
    const socket = await openSocket(graph, { authorization: graph.issue() });
    graph.breakAuthentication(true);
    const refused = openSocket(graph, { authorization: graph.issue() });
    await expect(refused).rejects.toThrow("1013");
    socket.send({ type: "ping" });
    expect(await socket.next()).toEqual({ type: "pong" });
    graph.breakAuthentication(false);
    socket.close();
  });
});

describe("createCredentialChecks", () => {
  it("asks once per credential, and closes what nobody could confirm for too long", async () => {
    let nowMs = 0;
    let asked = 0;
    const check = createCredentialChecks({
      authenticate: () => {
        asked += 1;
        return Promise.reject(new Error("down"));
      },
      nowMs: () => nowMs,
      logger: createLogger("test", "silent"),
    });
    const closed: number[] = [];
    const caller = callerWith();
    const socketOf = (header: string) => ({
      credential: () => ({ header, caller }),
      close: ({ code }: { code: number }) => void closed.push(code),
    });
    const sockets = [socketOf("one"), socketOf("one"), socketOf("two")];
    await check(sockets);
    expect([asked, closed]).toEqual([2, []]);
    nowMs = MAX_UNCONFIRMED_MS + 1;
    await check(sockets);
    expect(closed).toEqual([1013, 1013, 1013]);
  });
});
