// Charges per second of each budget store, five budgets each: `node --import tsx bench/rate-limiter/run.ts [seconds]`. Prints the table of README.md.
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import type { BudgetStore } from "@tessera/platform/limits/budget";
import { createLeasedBudgetStore } from "@tessera/platform/limits/leased-budget-store";
import { createMemoryBudgetStore } from "@tessera/platform/limits/memory-budget-store";
import { createPostgresBudgetStore } from "@tessera/platform/limits/postgres-budget-store";
import { createRedisBudgetStore } from "@tessera/platform/limits/redis-budget-store";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { publishTestEngines, readTestEngines } from "@tessera/platform/testing/config";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { hasRedis, startTestRedis } from "@tessera/platform/testing/redis";
import { systemNowMs } from "@tessera/platform/time/clock";
import { createRateLimit } from "../../gateway/src/plugins/rate-limit.ts";

/** Seconds each store is measured, after one to warm up. */
const SECONDS = Math.min(Number(process.argv[2] ?? 4), 8);
/** Tenants whose charges come in turns. */
const TENANTS = 50;
const LEVELS = ["organisation", "tenant", "key", "requests", "address"];

const tenants = Array.from({ length: TENANTS }, () =>
  LEVELS.map((level) => ({
    key: `bench:${level}:${randomUUID()}`,
    limit: 1_000_000_000,
    windowSeconds: 60,
    amount: 3,
  })),
);

type Once = (turn: number) => unknown;

/** Runs as many at a time as given until the time is over; answers how many were done per second, and the processor time of each in microseconds. */
const measure = async (once: Once, concurrency: number) => {
  const loop = async (seconds: number): Promise<number> => {
    const endMs = performance.now() + seconds * 1_000;
    let done = 0;
    const one = async (): Promise<void> => {
      while (performance.now() < endMs)
        for (let burst = 0; burst < 20; burst += 1) {
          const outcome = once((done += 1));
          if (outcome instanceof Promise) await outcome;
        }
    };
    await Promise.all(Array.from({ length: concurrency }, one));
    return done;
  };
  await loop(1);
  const before = process.cpuUsage();
  const done = await loop(SECONDS);
  const { user, system } = process.cpuUsage(before);
  return { perSecond: done / SECONDS, microseconds: (user + system) / done };
};

const charging =
  (store: BudgetStore): Once =>
  (turn) =>
    store.charge(tenants[turn % TENANTS] ?? []);

publishTestEngines(await startEnginesHost());
const logger = createLogger("bench", "silent");
const pool = new TenantPool(readTestEngines().postgres.appUrl);
const postgres = createPostgresBudgetStore(createTenantSql(pool));
const leased = createLeasedBudgetStore({ source: postgres, nowMs: systemNowMs, logger });
const redisServer = hasRedis() ? await startTestRedis() : null;
const redis = redisServer === null ? null : createRedisBudgetStore({ url: redisServer.url, logger });

const tenantId = parseTenantId(randomUUID());
if (tenantId === null) throw new Error("A random UUID is a tenant id.");
const caller: Caller = {
  ...{
    tenantId,
    subject: { kind: "API_KEY", id: "bench" },
    permissions: new Set(),
    expiresAtMs: null,
    ...PLAIN_ACCESS,
  },
};
const limit = createRateLimit({ budget: 1e12, addressBudget: 1e12, windowSeconds: 60 }, { nowMs: systemNowMs });

const sides: readonly (readonly [string, Once, number])[] = [
  ["this process", charging(createMemoryBudgetStore(systemNowMs)), 1],
  [
    "this process, through @envelop/rate-limiter, with headers",
    () => limit.charge(caller, { cost: 3, requests: 1 }, "192.0.2.1"),
    1,
  ],
  ...(redis === null ? [] : [["Redis, one script per charge", charging(redis), 32] as const]),
  ["PostgreSQL, one call per charge", charging(postgres), 8],
  ["PostgreSQL, by leases", charging(leased), 8],
];
console.log(
  `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${LEVELS.length} budgets per charge, ${TENANTS} tenants\n`,
);
console.log("| Store | at a time | charges per second | processor time here per charge |");
console.log("| --- | --- | --- | --- |");
for (const [name, once, concurrency] of sides) {
  const { perSecond, microseconds } = await measure(once, concurrency);
  console.log(
    `| ${name} | ${concurrency} | ${Math.round(perSecond).toLocaleString("en-US")} | ${microseconds.toFixed(1)} µs |`,
  );
}
await leased.stop();
await redis?.close();
await redisServer?.stop();
await pool.end();
await stopEnginesHost();
