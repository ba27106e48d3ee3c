import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { metricsSchema } from "../../answers/metrics.ts";
import type { StreamEnd } from "../../graph/graph-port.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT, type HeldSubscription } from "../../testing/running-bridge.ts";

const PATH = "/api/v2/analytics/realtime/stream";

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.held.length = 0;
  bridge.records.length = 0;
});

const held = (place: number): HeldSubscription => {
  const subscription = bridge.graph.held[place];
  if (subscription === undefined) throw new Error(`The bridge holds ${bridge.graph.held.length} subscriptions.`);
  return subscription;
};
const tell = (place: number, events: number, cursor: string): void =>
  held(place).sink.next({ data: metricsAnswer(events, cursor) });

describe("WebSocket /api/v2/analytics/realtime/stream", () => {
  it("hands on the graph's metrics as they come, each with its cursor, for the caller and the address it came from", async () => {
    const from = { authorization: "Bearer key", "x-forwarded-for": "192.0.2.7" };
    const client = bridge.connect(`${PATH}?tenant_id=${TENANT}&timeframe=1h`, from);
    expect(await client.next("ready")).toMatchObject({ tenant_id: TENANT, timeframe: "PT1H" });
    expect(held(0).call).toMatchObject({
      caller: { tenantId: TENANT },
      clientAddress: "192.0.2.7",
      variables: { timeframe: "PT1H", after: null },
    });
    tell(0, 3, "5-1");
    const message = await client.next("metrics");
    expect(message).toMatchObject({ cursor: "5-1", skipped: 0, data: { events: 3, top_names: [{ name: "buy" }] } });
    expect([...Value.Errors(metricsSchema, message["data"])]).toEqual([]);
    client.socket.close();
    await client.closed;
    await new Promise((wake) => setTimeout(wake, 50));
    expect(held(0).stopped).toBe(true);
  });

  it("takes the credential and the cursor to go on from in the first message", async () => {
    const client = bridge.connect(PATH, {});
    client.socket.once("open", () => client.send({ type: "auth", authorization: "Bearer key", cursor: "7-2" }));
    await client.next("ready");
    expect(held(0).call.variables).toEqual({ timeframe: "PT5M", after: "7-2" });
    client.socket.close();
  });

  it("takes the cursor in the address, and answers pings", async () => {
    const client = bridge.connect(`${PATH}?cursor=8-1`);
    await client.next("ready");
    expect(held(0).call.variables["after"]).toBe("8-1");
    client.send({ type: "ping" });
    await client.next("pong");
    client.socket.close();
  });

  it("goes on behind the last cursor under a renewed credential, and lets go of the old one", async () => {
    const client = bridge.connect(PATH, { authorization: `Bearer until ${Date.now() + 600_000}` });
    await client.next("ready");
    tell(0, 1, "5-1");
    await client.next("metrics");
    client.send({ type: "auth", authorization: "Bearer key" });
    await client.next("ready");
    expect([held(0).stopped, held(1).call.caller.expiresAtMs, held(1).call.variables["after"]]).toEqual([
      true,
      null,
      "5-1",
    ]);
    client.socket.close();
  });

  it("refuses a credential in the address before it accepts the handshake", async () => {
    expect(await bridge.connect(`${PATH}?access_token=x`, {}).refused).toBe(400);
    expect(bridge.graph.held).toEqual([]);
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ["a wrong credential", PATH, { authorization: "Bearer stranger" }, 4401, "UNAUTHENTICATED"],
    ["another tenant", `${PATH}?tenant_id=${OTHER_TENANT}`, { authorization: "Bearer key" }, 4403, "TENANT_MISMATCH"],
    ["a bad timeframe", `${PATH}?timeframe=soon`, { authorization: "Bearer key" }, 4400, "BAD_INPUT"],
    ["an unknown parameter", `${PATH}?window=5m`, { authorization: "Bearer key" }, 4400, "BAD_INPUT"],
  ])("tells the problem of %s and closes with its code", async (_what, path, headers, closeCode, code) => {
    const client = bridge.connect(path, headers);
    expect((await client.closed).code).toBe(closeCode);
    expect(client.messages).toEqual([{ type: "error", problem: expect.objectContaining({ code }) }]);
    expect(bridge.graph.held).toEqual([]);
    const recorded = { code, decision: "REFUSED", kind: "SUBSCRIPTION", transport: "websocket", tenantId: TENANT };
    expect(bridge.records).toEqual(closeCode === 4401 ? [] : [expect.objectContaining(recorded)]);
  });

  it.each(["{", "[]", '{"type":"subscribe"}', '{"type":"auth"}', '{"type":"ping","more":1}'])(
    "closes on %s, which is no message",
    async (text) => {
      const client = bridge.connect(PATH);
      await client.next("ready");
      client.send(text);
      expect((await client.closed).code).toBe(4400);
    },
  );

  it("closes with 4403 when the credential expires, and lets go of the graph", async () => {
    const client = bridge.connect(PATH, { authorization: `Bearer until ${Date.now() + 400}` });
    await client.next("ready");
    expect(await client.closed).toMatchObject({ code: 4403, reason: expect.stringContaining("expired") });
    expect(held(0).stopped).toBe(true);
  });

  it.each<[StreamEnd, number, string]>([
    [{ kind: "closed", code: 4401, reason: "Unauthorized" }, 4401, "UNAUTHENTICATED"],
    [{ kind: "closed", code: 4403, reason: "The credential expired." }, 4403, "FORBIDDEN"],
    [{ kind: "closed", code: 1001, reason: "going away" }, 1013, "DEPENDENCY_UNAVAILABLE"],
    [{ kind: "closed", code: 1006, reason: "" }, 1013, "DEPENDENCY_UNAVAILABLE"],
    [{ kind: "complete" }, 1013, "DEPENDENCY_UNAVAILABLE"],
    [{ kind: "refused", errors: [{ message: "No.", extensions: { code: "RATE_LIMITED" } }] }, 4429, "RATE_LIMITED"],
    [{ kind: "refused", errors: [{ message: "No.", extensions: { code: "FORBIDDEN" } }] }, 4403, "FORBIDDEN"],
    [
      { kind: "refused", errors: [{ message: "Old.", extensions: { code: "CURSOR_EXPIRED" } }] },
      4400,
      "CURSOR_EXPIRED",
    ],
  ])("when the graph ends it with %j the reader sees %i and the problem", async (end, closeCode, code) => {
    const client = bridge.connect(PATH);
    await client.next("ready");
    held(0).sink.end(end);
    expect((await client.closed).code).toBe(closeCode);
    expect(client.messages.at(-1)).toMatchObject({ type: "error", problem: { code } });
  });

  it("keeps the newest message alone for a reader that does not read, and goes on when it does", async () => {
    const client = bridge.connect(PATH);
    await client.next("ready");
    client.socket.pause();
    const large = "x".repeat(20_000);
    const total = 2_000;
    for (let events = 1; events <= total; events += 1) {
      const { realtimeMetrics } = metricsAnswer(events, `${events}-1`);
      const topNames = [{ name: large, events, users: 1 }];
      held(0).sink.next({ data: { realtimeMetrics: { ...realtimeMetrics, topNames } } });
      if (events % 100 === 0) await new Promise((wake) => setImmediate(wake));
    }
    client.socket.resume();
    const seen: number[] = [];
    for (let cursor = ""; cursor !== `${total}-1`;) {
      const message = await client.next("metrics");
      cursor = String(message["cursor"]);
      seen.push(Number(message["skipped"]) + 1);
    }
    expect(seen.length).toBeLessThan(total);
    expect(seen.reduce((sum, each) => sum + each, 0)).toBe(total);
    client.socket.close();
  }, 30_000);

  it("tells who comes without a handshake that it speaks WebSocket", async () => {
    const answer = await bridge.ask(PATH);
    expect([answer.status, answer.headers.get("upgrade")]).toEqual([400, "websocket"]);
  });
});
