import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import fc from "fast-check";
import { pino } from "pino";
import { refuse } from "../errors/refusal.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { keyOf, openConsumerRoom } from "../testing/consumer-room.ts";
import { CONSUME_BATCH, type LogConsumer, type LogConsumerDeps } from "./log-consumer.ts";

const room = openConsumerRoom();
const { seen, remember, consumer, append, keysOf } = room;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);

beforeEach(() => room.begin());
afterEach(() => room.end());
afterAll(() => room.close());

describe("a tenant whose entries can't be taken", () => {
  const refusing =
    (refused: Set<unknown>): LogConsumerDeps["handle"] =>
    async (transaction, tenantId, entries) => {
      if (entries.some(({ payload }) => refused.has(keyOf(payload)))) throw new Error("This can't be taken.");
      await remember(transaction, tenantId, entries);
    };
  /** Drains until something holds, however often entries fail. */
  const drainUntil = async (one: LogConsumer, holds: () => boolean): Promise<void> => {
    while (!holds()) await one.drain().catch(() => 0);
  };

  test("stands apart: everybody else's are taken, its own wait in their order and are taken once they can be, by another process too", async () => {
    const [ill, well] = [freshTenantId(), freshTenantId()];
    const refused = new Set<unknown>(["b"]);
    const apart = { retryMs: 0, maxRetryMs: 0 };
    const one = consumer(refusing(refused), { apart });
    await append(ill, ["a", "b", "c"]);
    await append(well, ["d"]);
    await drainUntil(one, () => keysOf(well).length === 1 && keysOf(ill).length === 1);
    await append(ill, ["e"]);
    await append(well, numbered(CONSUME_BATCH));
    await drainUntil(one, () => keysOf(well).length === 1 + CONSUME_BATCH);
    expect(keysOf(ill)).toEqual(["a"]);
    const other = consumer(refusing(refused), { apart });
    await other.drain();
    expect(keysOf(ill)).toEqual(["a"]);
    refused.clear();
    await drainUntil(other, () => keysOf(ill).length === 4);
    expect(keysOf(ill)).toEqual(["a", "b", "c", "e"]);
    // It is one of all again.
    await append(ill, ["f"]);
    await drainUntil(one, () => keysOf(ill).length === 5);
    const owner = await room.owner.connect();
    const { rows } = await owner.query("SELECT name FROM event_log_consumer WHERE topic = $1", [room.topic]);
    owner.release();
    expect(rows).toEqual([{ name: room.topic }]);
  });

  test("is tried again by a started consumer though nothing else comes", async () => {
    const ill = freshTenantId();
    const refused = new Set<unknown>(["a"]);
    const tried: string[] = [];
    const handle: LogConsumerDeps["handle"] = (transaction, tenantId, entries) => {
      tried.push("again");
      return refusing(refused)(transaction, tenantId, entries);
    };
    const one = consumer(handle, { apart: { retryMs: 50, maxRetryMs: 50 } });
    await append(ill, ["a"]);
    while (tried.length < 7) await one.drain().catch(() => 0);
    await one.start();
    refused.clear();
    while (keysOf(ill).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await one.stop();
    expect(keysOf(ill)).toEqual(["a"]);
  });

  /** A consumer whose every tenant that stands apart may be tried at once. */
  const AT_ONCE = { retryMs: 0, maxRetryMs: 0 };

  test("keeps its entries beyond the log's retention while it waits, and nobody else's", async () => {
    const [ill, well] = [freshTenantId(), freshTenantId()];
    const one = consumer(refusing(new Set(["a"])), { apart: { retryMs: 60_000, maxRetryMs: 60_000 } });
    await append(ill, ["a"]);
    await append(well, ["b", "c"]);
    for (let isOver = false; !isOver;) isOver = (await one.drain().catch(() => -1)) === 3;
    const owner = await room.owner.connect();
    await owner.query("BEGIN");
    await owner.query("UPDATE event_log SET appended_at = now() - interval '9 days' WHERE topic = $1", [room.topic]);
    await owner.query("SELECT prune_event_log_across_tenants(interval '1 day', 100000)");
    const { rows } = await owner.query("SELECT tenant_id, payload->>'key' AS key FROM event_log WHERE topic = $1", [
      room.topic,
    ]);
    await owner.query("ROLLBACK");
    owner.release();
    expect(rows).toEqual([{ tenant_id: ill, key: "a" }]);
  });

  test("does not keep others of the same batch waiting for its first tries, and many stand apart together", async () => {
    const [ills, well] = [[freshTenantId(), freshTenantId(), freshTenantId()], freshTenantId()];
    const one = consumer(refusing(new Set(["bad"])), { apart: { retryMs: 60_000, maxRetryMs: 60_000 } });
    for (const ill of ills) await append(ill, ["bad"]);
    await append(well, ["good"]);
    while (keysOf(well).length === 0) await one.drain().catch(() => 0);
    for (let tries = 1; tries < 5; tries += 1) await one.drain().catch(() => 0);
    await append(well, ["better"]);
    await drainUntil(one, () => keysOf(well).length === 2);
    const owner = await room.owner.connect();
    const { rows } = await owner.query(
      "SELECT apart_tenant, tries, reason FROM event_log_consumer WHERE topic = $1 AND apart_tenant IS NOT NULL",
      [room.topic],
    );
    owner.release();
    expect(new Set(rows.map((row: { apart_tenant: string }) => row.apart_tenant))).toEqual(new Set<string>(ills));
    expect(rows[0]).toMatchObject({ tries: 1, reason: "This can't be taken." });
  });

  test("is left alone between its tries, each wait twice as long, however often others' entries come", async () => {
    const [ill, well] = [freshTenantId(), freshTenantId()];
    const triedAtMs: number[] = [];
    const handle: LogConsumerDeps["handle"] = (transaction, tenantId, entries) => {
      if (tenantId === ill) triedAtMs.push(performance.now());
      return refusing(new Set(["bad"]))(transaction, tenantId, entries);
    };
    const one = consumer(handle, { apart: { retryMs: 40, maxRetryMs: 1_000_000 } });
    await append(ill, ["bad"]);
    // Five tries with everybody's, and three on its own.
    for (let n = 0; triedAtMs.length < 8; n += 1) {
      await append(well, [`w${n}`]);
      await one.drain().catch(() => 0);
    }
    const waits = triedAtMs.slice(1).map((at, place) => at - (triedAtMs[place] ?? 0));
    expect(waits.slice(4).map((wait, n) => wait >= 40 * 2 ** n)).toEqual([true, true, true]);
    expect(one.retryMs()).not.toBeNull();
  });

  test("is nobody while what is needed does not answer: all wait, with one message, and go on when it is back", async () => {
    const tenants = [freshTenantId(), freshTenantId()];
    const lines: string[] = [];
    const telling = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    let isUp = false;
    // What is asked whether it answers was as it is when the entries were handed over.
    let wasUp = false;
    let tries = 0;
    const handle: LogConsumerDeps["handle"] = (...told) => {
      tries += 1;
      wasUp = isUp;
      return isUp ? remember(...told) : Promise.reject(new Error("Something about a socket."));
    };
    const probes = [
      { name: "store", check: () => (wasUp ? Promise.resolve() : Promise.reject(new Error("connection refused"))) },
    ];
    const one = consumer(handle, { logger: telling, probes, apart: AT_ONCE });
    for (const tenant of tenants) await append(tenant, ["a", "b"]);
    while (tries < 12) await expect(one.drain()).rejects.toThrow("The store does not answer: connection refused.");
    await one.start();
    while (tries < 14) await new Promise((resolve) => setTimeout(resolve, 20));
    isUp = true;
    while (seen.length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    await one.stop();
    expect(tenants.map(keysOf)).toEqual(tenants.map(() => ["a", "b"]));
    expect(lines.map((line) => /"msg":"([^"]*)"/.exec(line)?.[1])).toEqual([
      "A consumer of the event log failed; everybody's entries wait for it.",
      "A consumer of the event log goes on.",
    ]);
  });

  test("is one whose entries alone meet a dependency that says it is away though it answers", async () => {
    const [ill, well] = [freshTenantId(), freshTenantId()];
    const handle: LogConsumerDeps["handle"] = (transaction, tenantId, entries) =>
      tenantId === ill
        ? Promise.reject(refuse("DEPENDENCY_UNAVAILABLE", "The event store is not reachable."))
        : remember(transaction, tenantId, entries);
    const one = consumer(handle, { apart: { retryMs: 60_000, maxRetryMs: 60_000 } });
    await append(ill, ["a"]);
    await append(well, ["b"]);
    let refused = 0;
    while (keysOf(well).length === 0)
      await one.drain().catch(() => {
        refused += 1;
      });
    expect(refused).toBe(59);
  });

  test("is taken in its order though it fails at random, dies between steps, and others come in between: nothing is missed", async () => {
    const tenants = [freshTenantId(), freshTenantId(), freshTenantId()];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 4 }), fc.nat(40), fc.boolean()), {
          ...{ minLength: 4, maxLength: 10 },
        }),
        async (steps) => {
          room.begin();
          const expected = new Map<TenantId, string[]>(tenants.map((tenant) => [tenant, []]));
          let fails = 0;
          // What is taken and then lost with its process comes again.
          const dying: LogConsumerDeps["handle"] = async (...told) => {
            if (fails > 0 && (fails -= 1) % 2 === 0) throw new Error("before");
            await remember(...told);
            if (fails > 0 && (fails -= 1) % 2 === 0) throw new Error("after");
          };
          let one = consumer(dying, { apart: AT_ONCE });
          for (const [n, [place, count, failing, isNew]] of steps.entries()) {
            const tenant = tenants[place] ?? freshTenantId();
            const keys = Array.from({ length: count }, (_, at) => `${n}-${at}`);
            expected.get(tenant)?.push(...keys);
            await append(tenant, keys);
            fails = failing;
            if (isNew) one = consumer(dying, { apart: AT_ONCE });
            for (let round = 0; round < 7; round += 1) await one.drain().catch(() => 0);
          }
          fails = 0;
          const all = [...expected.values()].flat().length;
          await drainUntil(one, () => tenants.flatMap(keysOf).length === all);
          expect(tenants.map((tenant) => keysOf(tenant))).toEqual(tenants.map((tenant) => expected.get(tenant)));
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
