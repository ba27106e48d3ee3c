import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { createTenantSql, type TenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import { createLogger } from "../telemetry/logger.ts";
import { testEngines } from "../testing/engines.ts";
import type { EventLog, LogEntry, LogFollower } from "./event-log.ts";
import { compareLogCursors, LOG_START, type LogCursor } from "./log-cursor.ts";
import { createPostgresEventLog, MAX_FOLLOWER_BACKLOG } from "./postgres-event-log.ts";

const logger = createLogger("test", "silent");
const { ownerUrl, appUrl } = testEngines().postgres;
const TOPIC = "test.happened";

let pool: TenantPool;
let sql: TenantSql;
let log: EventLog;

const newTenant = (): TenantId => {
  const id = parseTenantId(randomUUID());
  if (id === null) throw new Error("A random UUID is a UUID.");
  return id;
};
const entry = (tenantId: TenantId, n: number, topic = TOPIC) => ({
  tenantId,
  topic,
  dedupeKey: `${n}`,
  payload: { n },
});
const numberOf = (one: LogEntry): unknown =>
  one.payload !== null && typeof one.payload === "object" && "n" in one.payload ? one.payload.n : null;
const take = async (follower: LogFollower, count: number): Promise<LogEntry[]> => {
  const taken: LogEntry[] = [];
  while (taken.length < count) {
    const step = await follower.next();
    if (step.done === true) break;
    taken.push(step.value);
  }
  return taken;
};

beforeAll(async () => {
  pool = new TenantPool(appUrl);
  sql = createTenantSql(pool);
  log = createPostgresEventLog({ sql, connectionString: appUrl, logger });
  await log.start();
});
afterAll(async () => {
  await log.stop();
  await pool.end();
});

describe("the event log", () => {
  test("gives a follower every later entry of its tenant and topic once, in order", async () => {
    const [mine, other] = [newTenant(), newTenant()];
    const follower = log.follow(mine, TOPIC);
    await log.append([entry(other, 0), entry(mine, 1), entry(mine, 2, "test.else"), entry(mine, 3)]);
    await log.append([entry(mine, 4)]);
    expect((await take(follower, 3)).map(numberOf)).toEqual([1, 3, 4]);
    await follower.return();
  });

  test("keeps one entry per dedupe key, however often it is appended", async () => {
    const mine = newTenant();
    const follower = log.follow(mine, TOPIC, LOG_START);
    await Promise.all(Array.from({ length: 10 }, () => log.append([entry(mine, 1)])));
    await log.append([entry(mine, 2)]);
    expect((await take(follower, 2)).map(numberOf)).toEqual([1, 2]);
    await follower.return();
  });

  test("resumes from any cursor without gap or duplicate while writers with overlapping transactions go on", async () => {
    const mine = newTenant();
    const total = 300;
    const seen: number[] = [];
    const slowWriter = sql.transaction(mine, async (transaction) => {
      await log.appendWith(transaction, entry(mine, total));
      await new Promise((resolve) => setTimeout(resolve, 400));
    });
    const writers = Promise.all(
      Array.from({ length: 10 }, async (_, writer) => {
        for (let n = writer; n < total; n += 10) await log.append([entry(mine, n)]);
      }),
    );
    let cursor: LogCursor = LOG_START;
    while (seen.length < total + 1) {
      const follower = log.follow(mine, TOPIC, cursor);
      for (const one of await take(follower, Math.min(37, total + 1 - seen.length))) {
        expect(compareLogCursors(one.cursor, cursor)).toBeGreaterThan(0);
        cursor = one.cursor;
        seen.push(Number(numberOf(one)));
      }
      await follower.return();
    }
    await Promise.all([slowWriter, writers]);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total + 1 }, (_, n) => n));
  });

  test("shows an entry soon after the transaction that held it back ends, of which nothing is told", async () => {
    const mine = newTenant();
    const follower = log.follow(mine, TOPIC);
    const holder = new pg.Client({ connectionString: ownerUrl });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT pg_current_xact_id()");
    await log.append([entry(mine, 1)]);
    const first = follower.next();
    const early = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 700))]);
    await holder.query("COMMIT");
    await holder.end();
    expect(early).toBeUndefined();
    expect(await first).toMatchObject({ done: false, value: { payload: { n: 1 } } });
    await follower.return();
  });

  test("orders entries by number, not by the text of it, within one transaction and between them", async () => {
    const mine = newTenant();
    const from = await log.head();
    const follower = log.follow(mine, TOPIC, from);
    const batches = Array.from({ length: 12 }, (_, batch) =>
      Array.from({ length: 30 }, (_unused, n) => entry(mine, batch * 30 + n)),
    );
    for (const batch of batches) await log.append(batch);
    const later = log.follow(mine, TOPIC, from);
    const all = batches.flat().map((_, n) => n);
    for (const one of [follower, later]) {
      expect((await take(one, all.length)).map(numberOf)).toEqual(all);
      await one.return();
    }
  });

  test("commits an entry together with the state change it tells of, or not at all", async () => {
    const mine = newTenant();
    const follower = log.follow(mine, TOPIC);
    const failed = sql.transaction(mine, async (transaction) => {
      await log.appendWith(transaction, entry(mine, 1));
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    await sql.transaction(mine, (transaction) => log.appendWith(transaction, entry(mine, 2)));
    expect((await take(follower, 1)).map(numberOf)).toEqual([2]);
    await follower.return();
  });

  test("appends several entries with a transaction in their order, each once", async () => {
    const mine = newTenant();
    const follower = log.follow(mine, TOPIC);
    const entries = Array.from({ length: 50 }, (_, n) => entry(mine, n));
    await sql.transaction(mine, async (transaction) => {
      await log.appendAllWith(transaction, []);
      await log.appendAllWith(transaction, entries.slice(0, 30));
      await log.appendAllWith(transaction, entries.slice(20));
    });
    expect((await take(follower, 50)).map((one) => Number(numberOf(one)))).toEqual(entries.map((_entry, n) => n));
    const forge = sql.transaction(mine, (transaction) => log.appendAllWith(transaction, [entry(newTenant(), 1)]));
    await expect(forge).rejects.toMatchObject({ code: "42501" });
    await follower.return();
  });

  test("cuts off a follower that does not read, with SLOW_CONSUMER, and lets it resume from its cursor", async () => {
    const mine = newTenant();
    const slow = log.follow(mine, TOPIC);
    const from = await log.head();
    const entries = Array.from({ length: MAX_FOLLOWER_BACKLOG + 500 }, (_, n) => entry(mine, n));
    await log.append(entries);
    const live = log.follow(mine, TOPIC, from);
    expect((await take(live, entries.length)).length).toBe(entries.length);
    const readAll = take(slow, entries.length);
    await expect(readAll).rejects.toMatchObject({ code: "SLOW_CONSUMER" });
    await live.return();
  });

  test("ends a pending read when its follower is closed", async () => {
    const follower = log.follow(newTenant(), TOPIC);
    const pending = follower.next();
    await follower.return();
    await expect(pending).resolves.toMatchObject({ done: true });
  });

  test("hides other tenants' entries from the application role, and all of them outside a tenant's scope", async () => {
    const [mine, other] = [newTenant(), newTenant()];
    await log.append([entry(mine, 1), entry(other, 1)]);
    const all = { name: "all-entries", text: "SELECT tenant_id FROM event_log", params: [] };
    expect(await sql.run(mine, all, (row) => row)).toEqual([{ tenant_id: mine }]);
    expect(await sql.runAcrossTenants(all, (row) => row)).toEqual([]);
    const forge = sql.transaction(mine, (transaction) => log.appendWith(transaction, entry(other, 2)));
    await expect(forge).rejects.toMatchObject({ code: "42501" });
  });

  test("refuses a cursor older than what is kept", async () => {
    const mine = newTenant();
    await log.append([entry(mine, 1)]);
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    await owner.query("BEGIN");
    // Seen only inside this transaction, so that tests beside this one keep their entries.
    await owner.query("UPDATE event_log SET appended_at = now() - interval '2 days' WHERE tenant_id = $1", [mine]);
    const pruned = await owner.query<{ n: number }>("SELECT prune_event_log_across_tenants(interval '1 day', 10) AS n");
    const horizon = await owner.query<{ transaction_id: string }>("SELECT transaction_id::text FROM event_log_horizon");
    await owner.query("ROLLBACK");
    await owner.end();
    expect(pruned.rows[0]?.n).toBeGreaterThanOrEqual(1);
    expect(BigInt(horizon.rows[0]?.transaction_id ?? "0")).toBeGreaterThan(0n);
  });
});
