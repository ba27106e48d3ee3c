import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { CORRELATION_MATCHED } from "@tessera/contracts/events/correlation-matched";
import type { TenantId } from "@tessera/contracts/ids";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyEvents } from "../../../testing/arbitraries.ts";
import { anyCorrelated, anyPattern } from "../../../testing/correlation-arbitraries.ts";
import { BEGINNING, DEFINED, openCorrelationRoom } from "../../../testing/correlation-room.ts";
import { anyMade, withHand } from "../../../testing/reference-dimension.ts";
import { correlateByDefinition, type PlacedEvent } from "../../../testing/reference-correlation.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { isOnTime } from "../../domain/correlation/sighting.ts";
import type { CorrelationMatch } from "../../domain/correlation/match.ts";
import type { CorrelationPatternInput } from "../../domain/correlation/rule.ts";
import { parseDuration } from "../../domain/duration.ts";
import { decodeState } from "../../domain/correlation/state-json.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const END = BEGINNING + 600_000;

let world: TestResources;
let room: ReturnType<typeof openCorrelationRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openCorrelationRoom(world);
});
afterAll(async () => {
  await world.owner.query("DELETE FROM event_log_consumer WHERE name = $1", [room.consumerName]);
  await world.close();
});

const newEvent = (name: string, second: number, more: Partial<PlacedEvent> = {}): PlacedEvent => {
  const timeMs = BEGINNING + second * 1_000;
  return { id: randomUUID(), name, timeMs, receivedAtMs: timeMs, sessionId: "s", sequence: 0, ...more };
};

/** Stores a batch as ingest does, and tells of it; events have their place in the batch. */
const tell = async (tenantId: TenantId, events: readonly PlacedEvent[], receivedAtMs: number): Promise<void> => {
  const batchId = await storeEvents(world.writer, tenantId, events);
  const times = events.map(({ timeMs }) => timeMs);
  const payload = {
    ...{ tenantId, batchId, rows: events.length, receivedAtMs },
    ...{ minTimeMs: Math.min(...times), maxTimeMs: Math.max(...times) },
  };
  await world.resources.eventLog.append([{ tenantId, topic: BATCH_STORED, dedupeKey: batchId, payload }]);
};

const isTakenIn = async (tenantId: TenantId): Promise<boolean> => {
  const { rows } = await world.owner.query<{ waiting: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM event_log e WHERE e.tenant_id = $1 AND e.topic = $2 AND NOT EXISTS (
       SELECT 1 FROM event_log_consumer c WHERE c.name = $3
         AND (e.transaction_id, e.sequence) <= (c.transaction_id, c.sequence))) AS waiting`,
    [tenantId, BATCH_STORED, room.consumerName],
  );
  return rows[0]?.waiting === false;
};

/** Takes in what was told; other tests' transactions on the same server can hold it back for a moment, and a broken process comes again. */
const takeIn = async (tenantId: TenantId): Promise<void> => {
  while (!(await isTakenIn(tenantId))) await room.consumer.drain().catch(() => undefined);
};

/** Lets the time pass to a moment. */
const passTo = async (nowMs: number): Promise<void> => {
  room.clock.nowMs = nowMs;
  for (let tries = 0; tries < 20; tries += 1) {
    const done = await room.look().then(
      () => true,
      () => false,
    );
    if (done) return;
  }
  throw new Error("The windows that ended could not be looked at.");
};

const plain = (matches: readonly { readonly completedAtMs: number; readonly events: readonly string[] }[]) =>
  matches.map(({ completedAtMs, events }) => `${completedAtMs} ${events.join(" ")}`).toSorted();

const plainParts = (matches: readonly Pick<CorrelationMatch, "completedAtMs" | "events">[]): readonly string[] =>
  plain(
    matches.map(({ completedAtMs, events }) => ({
      completedAtMs,
      events: events.map(({ part, id }) => `${part}=${id}`),
    })),
  );

const found = async (tenantId: TenantId, ruleId: string): Promise<readonly string[]> =>
  plainParts(await room.matches.page(tenantId, { ruleId, range: null, first: 1_000, after: null }));

/** How often each match was told of in the event log. */
const toldOf = async (tenantId: TenantId): Promise<number> => {
  const { rows } = await world.owner.query<{ told: number }>(
    "SELECT count(*)::integer AS told FROM event_log WHERE tenant_id = $1 AND topic = $2",
    [tenantId, CORRELATION_MATCHED],
  );
  return rows[0]?.told ?? 0;
};

const ORDERED: CorrelationPatternInput = {
  kind: "SEQUENCE",
  parts: [
    { name: "ordered", events: ["order"], key: ["properties.orderId"] },
    { name: "paid", events: ["payment"], key: ["properties.order.id"] },
  ],
  conditions: [
    {
      left: { part: "paid", field: "revenue" },
      comparison: "LT",
      right: { part: "ordered", field: "revenue" },
    },
  ],
  window: "PT10M",
  lateness: "PT30S",
};
const UNPAID: CorrelationPatternInput = {
  kind: "ABSENCE",
  parts: [
    { name: "ordered", events: ["order"], key: ["properties.orderId"] },
    { name: "paid", events: ["payment"], key: ["properties.order.id"], absent: true },
  ],
  window: "PT1M",
  lateness: "PT0S",
};
const HOUR_MS = 3_600_000;
/** Pairs of events with the same value of a field. */
const patternBy = (field: string): CorrelationPatternInput => ({
  ...{ kind: "SEQUENCE", window: "PT24H", lateness: "PT0S" },
  parts: [
    { name: "a", key: [field] },
    { name: "b", key: [field], filter: { field, exists: true } },
  ],
});
const order = (id: string, second: number, revenue = "10") =>
  newEvent("order", second, { source: "shop", revenue, properties: { orderId: id } });
const payment = (id: string, second: number, revenue = "10") =>
  newEvent("payment", second, { source: "bank", revenue, properties: { order: { id } } });

const standingOf = async (tenantId: TenantId, ruleId: string) => {
  const standing = await room.rules.standing(tenantId, ruleId);
  return standing === null ? null : { ...standing, counts: decodeState(standing.state).counts };
};

describe("rules over what is stored", () => {
  test("find what the definition finds in the sorted whole, each match once, wherever batches are cut and the process is broken", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyPattern,
        anyCorrelated(BEGINNING, 24_000),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 3 }),
        async (pattern, events, breaks) => {
          room.clock.nowMs = DEFINED;
          const caller = room.caller();
          const { tenantId } = caller;
          const rule = await room.define(caller, "rule", pattern);
          const byTime = new Map<number, PlacedEvent[]>();
          for (const { delayMs, ...event } of events) {
            const receivedAtMs = Math.ceil((event.timeMs + delayMs) / 5_000) * 5_000;
            const own = byTime.get(receivedAtMs) ?? [];
            byTime.set(receivedAtMs, [...own, { ...event, receivedAtMs, sequence: own.length }]);
          }
          let statements = 0;
          room.fault.before = () => {
            statements += 1;
            if (breaks.includes(statements)) throw new Error("The process has ended.");
          };
          const batches = [...byTime].toSorted(([one], [other]) => one - other);
          for (const [index, [receivedAtMs, own]] of batches.entries()) {
            await tell(tenantId, own, receivedAtMs);
            room.clock.nowMs = receivedAtMs;
            if (index % 2 === 0) await takeIn(tenantId);
          }
          await takeIn(tenantId);
          await passTo(END + 60_000);
          room.fault.before = () => undefined;
          const latenessMs = parseDuration(pattern.lateness ?? "", "lateness", { minMs: 0, maxMs: END });
          const inTime = batches
            .flatMap(([, own]) => own)
            .filter(({ timeMs, receivedAtMs = 0 }) => isOnTime({ timeMs, receivedAtMs }, latenessMs));
          const expected = correlateByDefinition(pattern, inTime, END);
          expect(await found(tenantId, rule.id)).toEqual(plain(expected));
          expect(await toldOf(tenantId)).toBe(expected.length);
          await room.rules.retire(tenantId, rule.id);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("lose and double nothing when the process ends at any statement", async () => {
    const names = new Set<string>();
    for (let broken = 1; ; broken += 1) {
      room.clock.nowMs = DEFINED;
      const caller = room.caller();
      const { tenantId } = caller;
      const rule = await room.define(caller, "cheap", ORDERED);
      const absence = await room.define(caller, "unpaid", UNPAID);
      const [first, second] = [order("o1", 1), payment("o1", 3, "5")];
      let left = broken;
      room.fault.before = (name) => {
        names.add(name);
        left -= 1;
        if (left === 0) throw new Error("The process has ended.");
      };
      await tell(tenantId, [first], BEGINNING + 2_000);
      await takeIn(tenantId);
      await tell(tenantId, [{ ...second, receivedAtMs: BEGINNING + 100_000 }, order("o2", 90)], BEGINNING + 100_000);
      await takeIn(tenantId);
      await passTo(END);
      room.fault.before = () => undefined;
      expect(await found(tenantId, rule.id)).toEqual([]);
      expect((await found(tenantId, absence.id)).map((text) => text.split(" ").slice(1).join(" "))).toHaveLength(2);
      expect(await toldOf(tenantId)).toBe(2);
      expect((await standingOf(tenantId, rule.id))?.counts).toMatchObject({ events: 2, late: 1 });
      for (const { id } of [rule, absence]) await room.rules.retire(tenantId, id);
      if (left > 0) break;
    }
    expect([...names]).toEqual(
      expect.arrayContaining(["commit", "keep-correlation-matches", "keep-correlation-run", "append-event-log"]),
    );
  });

  test("join sources by keys of other names, and compare their values", async () => {
    room.clock.nowMs = DEFINED;
    const caller = room.caller();
    const { tenantId } = caller;
    const rule = await room.define(caller, "cheap", ORDERED);
    const [o1, p1, o2, p2] = [order("o1", 1), payment("o1", 2, "9.99"), order("o2", 1), payment("o2", 3)];
    await tell(
      tenantId,
      [p1, o2, p2, o1].map((event, sequence) => ({ ...event, sequence })),
      BEGINNING + 4_000,
    );
    await takeIn(tenantId);
    await passTo(END);
    expect(await found(tenantId, rule.id)).toEqual([`${p1.timeMs} ordered=${o1.id} paid=${p1.id}`]);
  });

  test("tell an absence when time passes, though no event comes, and not while something stored is not yet looked at", async () => {
    room.clock.nowMs = DEFINED;
    const caller = room.caller();
    const { tenantId } = caller;
    const rule = await room.define(caller, "unpaid", UNPAID);
    const unpaid = order("o1", 1);
    await tell(tenantId, [unpaid], unpaid.timeMs);
    await takeIn(tenantId);
    await passTo(unpaid.timeMs + 60_000 + 5_000);
    expect(await found(tenantId, rule.id)).toEqual([]);
    await tell(tenantId, [order("o2", 50)], BEGINNING + 50_000);
    await passTo(unpaid.timeMs + 60_000 + 5_002);
    expect(await found(tenantId, rule.id)).toEqual([]);
    await takeIn(tenantId);
    await passTo(unpaid.timeMs + 60_000 + 5_003);
    expect(await found(tenantId, rule.id)).toEqual([`${unpaid.timeMs + 60_000} ordered=${unpaid.id}`]);
    await room.rules.retire(tenantId, rule.id);
  });

  test("begin anew with another version, stay with a pinned one, end when retired", async () => {
    room.clock.nowMs = DEFINED;
    const caller = room.caller();
    const { tenantId } = caller;
    const rule = await room.define(caller, "unpaid", UNPAID);
    await tell(tenantId, [order("o1", 1)], BEGINNING + 1_000);
    await takeIn(tenantId);
    await room.define(caller, "unpaid", { ...UNPAID, window: "PT2M" });
    expect((await standingOf(tenantId, rule.id))?.counts.events).toBe(0);
    await room.rules.pin(tenantId, rule.id, 1);
    expect((await standingOf(tenantId, rule.id))?.version).toBe(1);
    await tell(tenantId, [order("o2", 2)], BEGINNING + 2_000);
    await takeIn(tenantId);
    await room.define(caller, "unpaid", { ...UNPAID, window: "PT3M" });
    expect(await standingOf(tenantId, rule.id)).toMatchObject({ version: 1, counts: { events: 1 } });
    await room.rules.retire(tenantId, rule.id);
    expect(await standingOf(tenantId, rule.id)).toBeNull();
    await passTo(END);
    expect(await found(tenantId, rule.id)).toEqual([]);
  });

  test("by a dimension of the tenant's own find what they find by values written by hand, live and in a backtest, through later versions of it", async () => {
    let pairs = 0;
    const worlds = fc.tuple(anyEvents(BEGINNING + 49 * HOUR_MS, { min: 10, max: 40 }), anyMade);
    await fc.assert(
      fc.asyncProperty(worlds, async ([all, expression]) => {
        room.clock.nowMs = DEFINED;
        const caller = room.caller();
        await room.dimension(caller, { name: "d", expression });
        const own = await room.define(caller, "own", patternBy("dimensions.d"));
        const hand = await room.define(caller, "hand", patternBy("properties.hand"));
        await room.dimension(caller, { name: "d", expression: { text: { of: "name", letters: "UPPER" } } });
        const events = all.map((event) =>
          withHand({ ...newEvent("x", 0), ...event, id: randomUUID(), receivedAtMs: event.timeMs }, expression),
        );
        await tell(caller.tenantId, events, Math.max(...events.map(({ timeMs }) => timeMs)));
        await takeIn(caller.tenantId);
        const endMs = BEGINNING + 100 * HOUR_MS;
        await passTo(endMs);
        const live = await found(caller.tenantId, own.id);
        expect([expression, live]).toEqual([expression, await found(caller.tenantId, hand.id)]);
        pairs += live.length;
        const { matches } = await room.backtest(caller, own.id, BEGINNING, endMs);
        expect(plainParts(matches)).toEqual(live);
        for (const { id } of [own, hand]) await room.rules.retire(caller.tenantId, id);
      }),
      { numRuns: 4, endOnFailure: true },
    );
    expect(pairs).toBeGreaterThan(0);
  });
});
