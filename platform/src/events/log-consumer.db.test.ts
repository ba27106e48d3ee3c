import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import pg from "pg";
import type { TenantId } from "@tessera/contracts/ids";
import { createTenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { testEngines } from "../testing/engines.ts";
import { CONSUME_BATCH, createLogConsumer, type LogConsumer, type LogConsumerDeps } from "./log-consumer.ts";
import { createLogStore } from "./log-store.ts";

const { ownerUrl, appUrl } = testEngines().postgres;
const logger = createLogger("test", "silent");
const pool = new TenantPool(appUrl);
const sql = createTenantSql(pool);
const store = createLogStore(sql);
let topic: string;
let seen: { tenantId: TenantId; key: unknown }[];

const keyOf = (payload: unknown): unknown =>
  payload !== null && typeof payload === "object" && "key" in payload ? payload.key : null;
const remember: LogConsumerDeps["handle"] = async (transaction, tenantId, entries) => {
  const tenants = await transaction.run(
    { name: "current-tenant", text: "SELECT current_tenant_id() AS id", params: [] },
    (row) => row,
  );
  expect(tenants).toEqual([{ id: tenantId }]);
  for (const { payload } of entries) seen.push({ tenantId, key: keyOf(payload) });
};
const consumer = (handle: LogConsumerDeps["handle"] = remember, more: Partial<LogConsumerDeps> = {}): LogConsumer =>
  createLogConsumer({ sql, logger, name: topic, topic, handle, ...more });
const append = (tenantId: TenantId, keys: readonly string[]) =>
  store.append(keys.map((key) => ({ tenantId, topic, dedupeKey: key, payload: { key } })));
/** Other tests' transactions on the same server can hold entries back for a moment, so a consumer is asked until it has so many. */
const drain = async (count: number, one = consumer()): Promise<void> => {
  for (let taken = 0; taken < count; taken += await one.drain());
};
const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);

beforeEach(() => {
  topic = `test.${randomUUID()}`;
  seen = [];
});
afterEach(async () => {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query("DELETE FROM event_log_consumer WHERE topic LIKE $1", [`${topic}%`]);
  await owner.end();
});
afterAll(() => pool.end());

describe("a durable consumer of the event log", () => {
  test("takes what was there before it, per tenant and in order, in a transaction of that tenant", async () => {
    const [one, two] = [freshTenantId(), freshTenantId()];
    await append(one, ["a", "b"]);
    await append(two, ["c"]);
    await append(one, ["d"]);
    await drain(4);
    expect(seen.filter(({ tenantId }) => tenantId === one).map(({ key }) => key)).toEqual(["a", "b", "d"]);
    expect(seen.filter(({ tenantId }) => tenantId === two).map(({ key }) => key)).toEqual(["c"]);
  });

  test("goes on where it stood, also as another process, over more than one batch", async () => {
    const tenant = freshTenantId();
    await append(tenant, numbered(CONSUME_BATCH + 7));
    await drain(CONSUME_BATCH + 7);
    await append(tenant, ["last"]);
    await drain(1);
    expect(seen.map(({ key }) => key)).toEqual([...numbered(CONSUME_BATCH + 7), "last"]);
  });

  test("several at once hand each entry to one of them alone", async () => {
    const tenant = freshTenantId();
    await append(tenant, numbered(CONSUME_BATCH + 1));
    const crowd = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 4 }, () => consumer().drain()));
      if (seen.length <= CONSUME_BATCH) await crowd();
    };
    await crowd();
    expect(seen.map(({ key }) => key)).toEqual(numbered(CONSUME_BATCH + 1));
  });

  test("a batch whose effects fail comes again, whole", async () => {
    const tenant = freshTenantId();
    await append(tenant, ["a", "b"]);
    const failing = consumer(() => Promise.reject(new Error("no")));
    await expect(drain(2, failing)).rejects.toThrow("no");
    await drain(2);
    expect(seen.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  test("started ones take what comes while they wait, each its own topic, and end when they are told to", async () => {
    const tenant = freshTenantId();
    const other = `${topic}.other`;
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const quiet = createLogConsumer({ sql, logger, name: other, topic: other, handle: remember });
    const running = [consumer(), quiet];
    await Promise.all(running.map((one) => one.start()));
    for (const key of ["a", "b"]) {
      await append(tenant, [key]);
      await until(() => seen.some((one) => one.key === key));
    }
    await store.append([{ tenantId: tenant, topic: other, dedupeKey: "c", payload: { key: "c" } }]);
    await until(() => seen.length === 3);
    await Promise.all(running.map((one) => one.stop()));
    await append(tenant, ["d"]);
    expect(seen.map(({ key }) => key)).toEqual(["a", "b", "c"]);
    // What came after the end waits for the next start.
    await running[0]?.start();
    await until(() => seen.length === 4);
    await running[0]?.stop();
  });

  test("one whose database is away goes on when it is back", async () => {
    let away = true;
    const tenant = freshTenantId();
    const shaky: typeof sql = {
      ...sql,
      runAcrossTenants: (statement, parse) =>
        away ? Promise.reject(new Error("away")) : sql.runAcrossTenants(statement, parse),
    };
    const waits = createLogConsumer({ sql: shaky, logger, name: topic, topic, handle: remember });
    away = false;
    await waits.start();
    await waits.drain();
    away = true;
    await append(tenant, ["a"]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    away = false;
    while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
    await waits.stop();
    expect(seen.map(({ key }) => key)).toEqual(["a"]);
  });

  test("holds nobody back who reads the log meanwhile", async () => {
    const tenant = freshTenantId();
    await append(tenant, ["a"]);
    const other = `${topic}.other`;
    const looking = consumer(async () => {
      await store.append([{ tenantId: tenant, topic: other, dedupeKey: "b", payload: {} }]);
      while ((await store.read(tenant, other, { transaction: 0n, sequence: 0n })).length === 0);
      seen.push({ tenantId: tenant, key: "b" });
    });
    await drain(1, looking);
    expect(seen).toHaveLength(1);
  });

  test("what it has not seen is kept beyond the log's retention, and dropped afterwards", async () => {
    const tenant = freshTenantId();
    const waiting = consumer();
    await waiting.drain();
    await append(tenant, ["a"]);
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    // Rolled back: the horizon that pruning moves is that of every test on this server.
    const left = async (): Promise<unknown> => {
      await owner.query("BEGIN");
      await owner.query("UPDATE event_log SET appended_at = now() - interval '9 days' WHERE topic = $1", [topic]);
      await owner.query("SELECT prune_event_log_across_tenants(interval '1 day', 100000)");
      const { rows } = await owner.query("SELECT count(*)::int AS kept FROM event_log WHERE topic = $1", [topic]);
      await owner.query("ROLLBACK");
      return rows;
    };
    expect(await left()).toEqual([{ kept: 1 }]);
    await drain(1, waiting);
    expect(await left()).toEqual([{ kept: 0 }]);
    await owner.end();
  });
});

describe("a tenant whose entries can't be taken", () => {
  const refusing =
    (refused: Set<unknown>): LogConsumerDeps["handle"] =>
    async (transaction, tenantId, entries) => {
      if (entries.some(({ payload }) => refused.has(keyOf(payload)))) throw new Error("This can't be taken.");
      await remember(transaction, tenantId, entries);
    };
  const keysOf = (tenantId: TenantId): readonly unknown[] => [
    ...new Set(seen.filter((one) => one.tenantId === tenantId).map(({ key }) => key)),
  ];
  /** Drains until something holds, however often entries fail. */
  const drainUntil = async (one: LogConsumer, holds: () => boolean): Promise<void> => {
    while (!holds()) await one.drain().catch(() => 0);
  };

  test("stands apart: everybody else's are taken, its own wait in their order and are taken once they can be, by another process too", async () => {
    const [ill, well] = [freshTenantId(), freshTenantId()];
    const refused = new Set<unknown>(["b"]);
    const apart = { retryMs: 0 };
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
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    const { rows } = await owner.query("SELECT name FROM event_log_consumer WHERE topic = $1", [topic]);
    await owner.end();
    expect(rows).toEqual([{ name: topic }]);
  });

  test("is tried again by a started consumer though nothing else comes", async () => {
    const ill = freshTenantId();
    const refused = new Set<unknown>(["a"]);
    const tried: string[] = [];
    const handle: LogConsumerDeps["handle"] = (transaction, tenantId, entries) => {
      tried.push("again");
      return refusing(refused)(transaction, tenantId, entries);
    };
    const one = consumer(handle, { apart: { retryMs: 50 } });
    await append(ill, ["a"]);
    while (tried.length < 7) await one.drain().catch(() => 0);
    await one.start();
    refused.clear();
    while (keysOf(ill).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await one.stop();
    expect(keysOf(ill)).toEqual(["a"]);
  });

  test("keeps its entries beyond the log's retention while it waits", async () => {
    const ill = freshTenantId();
    const one = consumer(() => Promise.reject(new Error("never")), { apart: { retryMs: 60_000 } });
    await append(ill, ["a"]);
    for (let isOver = false; !isOver;) isOver = (await one.drain().catch(() => -1)) === 1;
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    await owner.query("BEGIN");
    await owner.query("UPDATE event_log SET appended_at = now() - interval '9 days' WHERE topic = $1", [topic]);
    await owner.query("SELECT prune_event_log_across_tenants(interval '1 day', 100000)");
    const { rows } = await owner.query("SELECT count(*)::int AS kept FROM event_log WHERE topic = $1", [topic]);
    await owner.query("ROLLBACK");
    await owner.end();
    expect(rows).toEqual([{ kept: 1 }]);
  });
});
