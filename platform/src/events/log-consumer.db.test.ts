import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createTenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { keyOf, openConsumerRoom } from "../testing/consumer-room.ts";
import { testEngines } from "../testing/engines.ts";
import { CONSUME_BATCH, createLogConsumer, type LogConsumerDeps } from "./log-consumer.ts";

const room = openConsumerRoom();
const { sql, store, seen, remember, consumer, append, drain } = room;
const logger = createLogger("test", "silent");
const { appUrl } = testEngines().postgres;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);

beforeEach(() => room.begin());
afterEach(() => room.end());
afterAll(() => room.close());

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
    const other = `${room.topic}.other`;
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
    const waits = createLogConsumer({ sql: shaky, logger, name: room.topic, topic: room.topic, handle: remember });
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
    const other = `${room.topic}.other`;
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
    const owner = await room.owner.connect();
    // Rolled back: the horizon that pruning moves is that of every test on this server.
    const left = async (): Promise<unknown> => {
      await owner.query("BEGIN");
      await owner.query("UPDATE event_log SET appended_at = now() - interval '9 days' WHERE topic = $1", [room.topic]);
      await owner.query("SELECT prune_event_log_across_tenants(interval '1 day', 100000)");
      const { rows } = await owner.query("SELECT count(*)::int AS kept FROM event_log WHERE topic = $1", [room.topic]);
      await owner.query("ROLLBACK");
      return rows;
    };
    expect(await left()).toEqual([{ kept: 1 }]);
    await drain(1, waiting);
    expect(await left()).toEqual([{ kept: 0 }]);
    owner.release();
  });
});

describe("a batch that takes long", () => {
  test("keeps its consumer, though the database lets go of transactions that say nothing", async () => {
    const impatient = new TenantPool(appUrl, { idle_in_transaction_session_timeout: 400 });
    const slow: LogConsumerDeps["handle"] = async (_own, tenantId, entries) => {
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      for (const { payload } of entries) seen.push({ tenantId, key: keyOf(payload) });
    };
    const own = createTenantSql(impatient);
    // The tenant's own transaction says nothing either: it is another's.
    const patient = { ...own, transaction: sql.transaction };
    const one = consumer(slow, { sql: patient, aliveMs: 50 });
    await append(freshTenantId(), ["a"]);
    await drain(1, one);
    await impatient.end();
    expect(seen).toHaveLength(1);
  });
});
