import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parse, subscribe } from "graphql";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { anomaliesOf, makeRule, openAnomalyRoom, raise, type AnomalyRoom } from "./testing/anomaly-room.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let room: AnomalyRoom;
beforeAll(async () => {
  room = openAnomalyRoom();
  await room.engines.resources.eventLog.start();
});
afterAll(async () => {
  await room.engines.resources.eventLog.stop();
  await room.close();
});

const DOCUMENT = parse(
  "subscription ($after: Cursor) { anomalies(after: $after) { cursor anomaly { id state tenant { id } rule { name } } } }",
);
const event = z.object({
  data: z.object({
    anomalies: z.object({
      cursor: z.string(),
      anomaly: z.object({ id: z.string(), tenant: z.object({ id: z.string() }), rule: z.object({ name: z.string() }) }),
    }),
  }),
});

const open = async (caller: Caller, after: string | null = null, { subgraph } = room) => {
  const contextValue = subgraph.contextFor({ caller, traceId: newTraceId() });
  return subscribe({ schema: subgraph.schema, document: DOCUMENT, variableValues: { after }, contextValue });
};
const follow = async (tenantId: TenantId, after: string | null = null, by = room) => {
  const stream = await open(callerWith(tenantId, ["anomaly:read"]), after, by);
  if (!(Symbol.asyncIterator in stream)) throw new Error(`Not subscribed: ${JSON.stringify(stream.errors)}`);
  const read = async (events: number) => {
    const seen: z.infer<typeof event>["data"]["anomalies"][] = [];
    while (seen.length < events) seen.push(event.parse((await stream.next()).value).data.anomalies);
    return seen;
  };
  return { stream, read, stop: () => stream.return() };
};

const makeAndRaise = async (tenantId: TenantId, names: readonly string[]): Promise<void> => {
  for (const name of names) await raise(room, tenantId, await makeRule(room, tenantId, { name, enabled: false }));
};
const namesIn = (events: readonly { anomaly: { rule: { name: string } } }[]) =>
  events.map(({ anomaly }) => anomaly.rule.name);

describe("the anomalies subscription", () => {
  test("tells each anomaly once, from now on, to each of its subscribers", async () => {
    const tenantId = freshTenantId();
    // The log shows an entry once no older transaction is open: what is before must be seen to be.
    const early = await follow(tenantId);
    await makeAndRaise(tenantId, ["before"]);
    expect(namesIn(await early.read(1))).toEqual(["before"]);
    await early.stop();
    const [one, other] = [await follow(tenantId), await follow(tenantId)];
    await makeAndRaise(tenantId, ["a", "b", "c"]);
    const [seen, seenByOther] = [await one.read(3), await other.read(3)];
    expect(namesIn(seen)).toEqual(["a", "b", "c"]);
    expect(seenByOther).toEqual(seen);
    const stored = await anomaliesOf(room, tenantId);
    expect(stored.map(({ id }) => id)).toEqual(expect.arrayContaining(seen.map(({ anomaly }) => anomaly.id)));
    await Promise.all([one.stop(), other.stop()]);
  });

  test("goes on after a cursor without gap or repetition, wherever it was cut", async () => {
    const tenantId = freshTenantId();
    const first = await follow(tenantId);
    const names = ["a", "b", "c", "d", "e"];
    await makeAndRaise(tenantId, names.slice(0, 3));
    const seen = await first.read(3);
    await first.stop();
    await makeAndRaise(tenantId, names.slice(3));
    for (const [place, { cursor }] of seen.entries()) {
      const resumed = await follow(tenantId, cursor);
      const later = names.slice(place + 1);
      expect(namesIn(await resumed.read(later.length))).toEqual(later);
      await makeAndRaise(tenantId, [`live ${place}`]);
      names.push(`live ${place}`);
      expect(namesIn(await resumed.read(1))).toEqual([`live ${place}`]);
      await resumed.stop();
    }
  });

  test("goes on in another process after the last cursor of one that has ended, without gap or repetition", async () => {
    const tenantId = freshTenantId();
    const former = openAnomalyRoom();
    await former.engines.resources.eventLog.start();
    const cut = await follow(tenantId, null, former);
    await makeAndRaise(tenantId, ["a", "b", "c"]);
    const [, last] = await cut.read(2);
    // It ends with one that was not read and one that it never saw.
    await former.engines.resources.eventLog.stop();
    await cut.stop();
    await former.close();
    await makeAndRaise(tenantId, ["d"]);
    const resumed = await follow(tenantId, last?.cursor ?? null);
    expect(namesIn(await resumed.read(2))).toEqual(["c", "d"]);
    await makeAndRaise(tenantId, ["e"]);
    expect(namesIn(await resumed.read(1))).toEqual(["e"]);
    await resumed.stop();
  });

  test("tells nobody of another tenant's anomalies", async () => {
    const [mine, others] = [freshTenantId(), freshTenantId()];
    const stream = await follow(mine);
    await makeAndRaise(others, ["secret"]);
    await makeAndRaise(mine, ["mine"]);
    const [seen] = await stream.read(1);
    expect(seen).toMatchObject({ anomaly: { tenant: { id: mine }, rule: { name: "mine" } } });
    await stream.stop();
  });

  test("ends at once when it is left, also while it waits", async () => {
    const { stream } = await follow(freshTenantId());
    const waiting = stream.next();
    await stream.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("is refused without anomaly:read, and with a cursor that is none", async () => {
    const tenantId = freshTenantId();
    expect(await open(callerWith(tenantId, ["anomaly:manage"]))).toMatchObject({
      errors: [{ extensions: { code: "FORBIDDEN", permission: "anomaly:read" } }],
    });
    expect(await open(callerWith(tenantId, ["anomaly:read"]), "nonsense")).toMatchObject({
      errors: [{ extensions: { code: "BAD_INPUT", field: "after" } }],
    });
  });
});
