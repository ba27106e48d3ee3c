import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createLogger } from "../telemetry/logger.ts";
import { openTestResources, type TestResources } from "../testing/test-resources.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { systemNowMs } from "../time/clock.ts";
import type { BudgetCharge, BudgetStore } from "./budget.ts";
import { createGuardedBudgetStore } from "./guarded-budget-store.ts";
import { createLeasedBudgetStore, type LeasedBudgetStore } from "./leased-budget-store.ts";
import { createMemoryBudgetStore } from "./memory-budget-store.ts";
import { createPostgresBudgetStore } from "./postgres-budget-store.ts";
import { createRedisBudgetStore, type RedisBudgetStore } from "./redis-budget-store.ts";

const logger = createLogger("test", "silent");
const HAS_REDIS = hasRedis();
if (!HAS_REDIS) process.stderr.write("redis-server is not installed: budgets are tested without it.\n");
let test: TestResources;
let redisServer: TestRedis | null = null;
let redisStore: RedisBudgetStore | null = null;
const redis = (): RedisBudgetStore => {
  if (redisStore === null) throw new Error("redis-server was not started");
  return redisStore;
};
const opened: LeasedBudgetStore[] = [];
const leased = (): LeasedBudgetStore => {
  const source = createPostgresBudgetStore(test.resources.sql);
  const store = createLeasedBudgetStore({ source, nowMs: systemNowMs, logger });
  opened.push(store);
  return store;
};

beforeAll(async () => {
  test = openTestResources();
  if (!HAS_REDIS) return;
  redisServer = await startTestRedis();
  redisStore = createRedisBudgetStore({ url: redisServer.url, logger });
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.stop()));
  await redisStore?.close();
  await redisServer?.stop();
  await test.close();
});

/** Long enough that nothing leaves it while a test runs, on however busy a machine. */
const WINDOW_SECONDS = 3_600;
const budgetOf =
  (key: string, limit: number) =>
  (amount: number): BudgetCharge => ({
    key,
    limit,
    windowSeconds: WINDOW_SECONDS,
    amount,
  });
const fresh = (limit: number) => budgetOf(`test:${randomUUID()}`, limit);

type Stores = readonly (readonly [string, () => BudgetStore])[];
const overRedis: Stores = HAS_REDIS ? [["Redis", redis]] : [];
const settled: Stores = [
  ["this process", () => createMemoryBudgetStore(systemNowMs)],
  ...overRedis,
  ["PostgreSQL", () => createPostgresBudgetStore(test.resources.sql)],
];
const stores: Stores = [...settled, ["leases of PostgreSQL", leased]];

describe.each(stores)("a budget in %s", (_name, open) => {
  it("lets exactly as many of 50 concurrent charges through as fit", async () => {
    const store = open();
    const budget = fresh(17);
    const outcomes = await Promise.all(Array.from({ length: 50 }, async () => store.charge([budget(1)])));
    expect(outcomes.filter(({ charged }) => charged)).toHaveLength(17);
  });

  it("takes from all budgets or from none, also with 50 at once", async () => {
    const store = open();
    const [wide, narrow] = [fresh(40), fresh(6)];
    const outcomes = await Promise.all(Array.from({ length: 50 }, async () => store.charge([wide(2), narrow(1)])));
    expect(outcomes.filter(({ charged }) => charged)).toHaveLength(6);
    expect((await store.charge([wide(28)])).charged).toBe(true);
    expect((await store.charge([wide(1)])).charged).toBe(false);
  });

  it("tells what is left and when units come back", async () => {
    const store = open();
    const budget = fresh(10);
    await store.charge([budget(9)]);
    const { charged, states } = await store.charge([budget(2)]);
    expect(charged).toBe(false);
    expect(states[0]?.remaining).toBe(1);
    expect(states[0]?.resetMs).toBeGreaterThan((WINDOW_SECONDS - 200) * 1_000);
    expect(states[0]?.fitsInMs).toBeGreaterThan((WINDOW_SECONDS - 200) * 1_000);
    expect(states[0]?.fitsInMs).toBeLessThanOrEqual((WINDOW_SECONDS + 200) * 1_000);
  });

  it("says that an amount above the whole limit never fits", async () => {
    const { charged, states } = await open().charge([fresh(5)(6)]);
    expect({ charged, fits: states[0]?.fitsInMs }).toEqual({ charged: false, fits: null });
  });
});

describe.each(settled)("a settlement in %s", (_name, open) => {
  it("counts what was spent, above the limit too, and gives back what was not", async () => {
    const store = open();
    const budget = fresh(10);
    await store.charge([budget(4)]);
    await store.adjust([{ ...budget(20) }]);
    expect((await store.charge([budget(1)])).charged).toBe(false);
    await store.adjust([{ ...budget(-19) }]);
    expect((await store.charge([budget(0)])).states[0]?.remaining).toBe(5);
    expect((await store.charge([budget(5)])).charged).toBe(true);
  });
});

describe("processes that share a budget", () => {
  const shared: Stores = [...overRedis, ["leases of PostgreSQL", leased]];
  it.each(shared)("over %s let through together what one would", async (_name, open) => {
    const [first, second] = [open(), open()];
    const budget = fresh(23);
    const round = async (): Promise<number> => {
      const asked = Array.from({ length: 80 }, async (_, place) =>
        (place % 2 === 0 ? first : second).charge([budget(1)]),
      );
      return (await Promise.all(asked)).filter(({ charged }) => charged).length;
    };
    let passed = await round();
    // What one process leased and did not spend in time comes back for the other: a slow machine needs more rounds.
    for (let rounds = 0; rounds < 100 && passed < 23; rounds += 1) {
      passed += await round();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(passed).toBe(23);
    expect(await round()).toBe(0);
  });

  it("never spend more than the budget by leases, and ask for few of them", async () => {
    const shared = createPostgresBudgetStore(test.resources.sql);
    let asked = 0;
    const source = {
      adjust: shared.adjust,
      lease: (claims: Parameters<typeof shared.lease>[0]) => {
        asked += 1;
        return shared.lease(claims);
      },
    };
    const processes = [1, 2].map(() => createLeasedBudgetStore({ source, nowMs: () => 0, logger }));
    const budget = fresh(20_000);
    let spent = 0;
    for (let round = 0; round < 200; round += 1) {
      const outcomes = await Promise.all(
        processes.flatMap((store) => Array.from({ length: 30 }, async () => store.charge([budget(2)]))),
      );
      spent += 2 * outcomes.filter(({ charged }) => charged).length;
    }
    expect(spent).toBeLessThanOrEqual(20_000);
    // What one process holds and the other would have had is at most a twentieth of what was left when it was leased.
    expect(spent).toBeGreaterThan(19_000);
    expect(asked).toBeLessThan(spent / 2 / 10);
    await Promise.all(processes.map((store) => store.stop()));
  });

  it("give unspent leases back", async () => {
    const shared = createPostgresBudgetStore(test.resources.sql);
    const store = createLeasedBudgetStore({ source: shared, nowMs: systemNowMs, logger });
    const budget = fresh(10_000);
    await store.charge([budget(10)]);
    const widened = { ...budget(0), windowSeconds: WINDOW_SECONDS + 2 };
    expect((await shared.charge([widened])).states[0]?.remaining).toBeLessThan(9_990);
    await store.stop();
    expect((await shared.charge([widened])).states[0]?.remaining).toBe(9_990);
  });
});

describe("a shared store that can't be asked", () => {
  (HAS_REDIS ? it : it.skip)("leaves each process counting by itself, within the same bounds", async () => {
    const gone = await startTestRedis();
    const lost = createRedisBudgetStore({ url: gone.url, logger });
    const store = createGuardedBudgetStore({ shared: lost, nowMs: systemNowMs, logger });
    const budget = fresh(5);
    await store.charge([budget(1)]);
    await gone.stop();
    const outcomes = [];
    for (let turn = 0; turn < 8; turn += 1) outcomes.push(await store.charge([budget(1)]));
    expect(outcomes.filter(({ charged }) => charged)).toHaveLength(5);
    await lost.close();
  });
});
