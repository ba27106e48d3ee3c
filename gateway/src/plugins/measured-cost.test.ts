import { describe, expect, it } from "@jest/globals";
import { parse } from "graphql";
import type { LimitLevel, ReadEffectiveLimits } from "@tessera/contracts/limits";
import { createQuotas } from "@tessera/platform/limits/quotas";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { callerWith, newTenant } from "../fixture-credentials.ts";
import { createStoreEstimates, measuredCost, ROWS_PER_POINT } from "./measured-cost.ts";
import { createRateLimit, type RateVerdict } from "./rate-limit.ts";

const meter = (rowsRead: number, bytesRead = 0, storeMs = 0) => ({ rowsRead, bytesRead, storeMs, events: 0 });
const document = parse("{ a }");

describe("the measured cost of an operation", () => {
  it("is the largest of its rows, bytes and milliseconds, in points", () => {
    expect(measuredCost(meter(0))).toEqual({ points: 0, rows: 0 });
    expect(measuredCost(meter(1))).toEqual({ points: 1, rows: 1 });
    expect(measuredCost(meter(10 * ROWS_PER_POINT, 16 * 1_048_576, 20)).points).toBe(10);
    expect(measuredCost(meter(0, 0, 95)).points).toBe(10);
  });

  it("is the estimate of the same tenant's next run: it rises at once and falls slowly", () => {
    const estimates = createStoreEstimates();
    const [one, other] = [newTenant(), newTenant()];
    expect(estimates.of(document, one)).toEqual({ points: 0, rows: 0 });
    estimates.note(document, one, { points: 100, rows: 1_000 });
    expect(estimates.of(document, one)).toEqual({ points: 100, rows: 1_000 });
    estimates.note(document, one, { points: 20, rows: 200 });
    expect(estimates.of(document, one)).toEqual({ points: 80, rows: 800 });
    expect(estimates.of(document, other)).toEqual({ points: 0, rows: 0 });
  });
});

const level = (hard: number, more: Partial<LimitLevel> = {}): LimitLevel => ({
  ...{ scope: "TENANT", scopeId: "t", hard, soft: null, graceSeconds: 0, fromTier: false, used: null },
  ...{ standing: "WITHIN", graceUntilMs: null, ...more },
});
const agreed =
  (rows: LimitLevel): ReadEffectiveLimits =>
  (tenantId) =>
    Promise.resolve({
      ...{ tenantId, tier: "T", features: [] },
      limits: [{ metric: "ROWS_READ_PER_DAY", hard: rows.hard, standing: rows.standing, levels: [rows] }],
    });

const limiting = (rows: LimitLevel | null = null, budget = 1_000) => {
  const clock = { nowMs: 1_795_000_000_000 };
  const nowMs = () => clock.nowMs;
  const quotas =
    rows === null ? undefined : createQuotas({ read: agreed(rows), nowMs, logger: createLogger("test", "silent") });
  const limit = createRateLimit({ budget, windowSeconds: 60 }, { nowMs, quotas });
  const caller = callerWith();
  const charge = async (cost: number, estimate = { points: 0, rows: 0 }): Promise<RateVerdict> =>
    limit.charge(caller, { cost, requests: 1, estimate }, null);
  return { clock, charge };
};

describe("a priced operation", () => {
  it("takes its estimate first and what it really cost in the end", async () => {
    const { charge } = limiting();
    const first = await charge(10, { points: 100, rows: 0 });
    expect(first.state?.remaining).toBe(900);
    first.settle?.({ points: 30, rows: 0 });
    expect((await charge(1)).state?.remaining).toBe(969);
    const second = await charge(10);
    second.settle?.({ points: 400, rows: 0 });
    expect((await charge(1)).state?.remaining).toBe(1_000 - 30 - 1 - 400 - 1);
  });

  it("never costs less than its own points", async () => {
    const { charge } = limiting();
    (await charge(50)).settle?.({ points: 0, rows: 0 });
    expect((await charge(1)).state?.remaining).toBe(949);
  });

  it("can overdraw its budget by what it cost, and the next one waits for that", async () => {
    const { clock, charge } = limiting();
    (await charge(10)).settle?.({ points: 5_000, rows: 0 });
    const { refusal } = await charge(1);
    expect(refusal?.code).toBe("RATE_LIMITED");
    clock.nowMs += 61_000;
    expect((await charge(1)).refusal).toBeNull();
  });

  it("is not kept from running by an estimate alone, however large", async () => {
    const { charge } = limiting();
    expect((await charge(10, { points: 1_000_000, rows: 0 })).state?.remaining).toBe(750);
  });

  it("that needs more rows than are left of the day goes on with what is left, and may read no more than that", async () => {
    const { clock, charge } = limiting(level(1_000));
    (await charge(1)).settle?.({ points: 1, rows: 900 });
    const { refusal, allowance, settle } = await charge(1, { points: 1, rows: 240 });
    expect(refusal).toBeNull();
    const window = { quota: "tenant-rows", limit: 1_000, windowSeconds: 86_400 };
    expect(allowance).toMatchObject({ rows: 100, ...window });
    expect(allowance?.refillsFromMs).toBeGreaterThan(clock.nowMs);
    expect(allowance?.refilledByMs).toBe(clock.nowMs + 86_400_000 + 1_440_000);
    // While it runs nothing is left for others, and what it did not use comes back.
    expect((await charge(1, { points: 1, rows: 1 })).refusal?.code).toBe("QUERY_TOO_COSTLY");
    settle?.({ points: 1, rows: 40 });
    expect((await charge(1, { points: 1, rows: 240 })).allowance).toMatchObject({ rows: 60 });
  });

  it("is refused when nothing is left of the day, with by how much and what to narrow", async () => {
    const { charge } = limiting(level(1_000));
    (await charge(1)).settle?.({ points: 1, rows: 1_000 });
    const { refusal, allowance } = await charge(1, { points: 1, rows: 240 });
    expect(refusal).toMatchObject({
      code: "QUERY_TOO_COSTLY",
      extras: { quota: "tenant-rows", limit: 1_000, found: 240, remaining: 0, over: 240 },
    });
    expect(refusal?.message).toContain("Narrow the time range");
    expect(allowance).toBeNull();
  });

  it("that was likely to take more points than are left goes on with those, counted in rows; its own points it must have", async () => {
    const { charge } = limiting();
    await charge(900);
    const { refusal, allowance } = await charge(40, { points: 200, rows: 0 });
    expect(refusal).toBeNull();
    expect(allowance).toMatchObject({ quota: "cost", rows: 100 * ROWS_PER_POINT });
    expect((await charge(40, { points: 200, rows: 0 })).refusal?.code).toBe("RATE_LIMITED");
  });

  it("is bounded by nothing while its budgets are plentiful", async () => {
    const plenty = createRateLimit({ budget: 1_000_000, windowSeconds: 60 }, { nowMs: () => 0 });
    expect((await plenty.charge(callerWith(), { cost: 1, requests: 1 }, null)).allowance).toBeNull();
  });

  it("goes on within the grace of a passed bound, and not when the grace is over", async () => {
    const grace = limiting(level(1_000, { graceSeconds: 60, used: 2_000, standing: "GRACE" }));
    expect((await grace.charge(1, { points: 1, rows: 5_000 })).refusal).toBeNull();
    const over = limiting(level(1_000, { graceSeconds: 60, used: 2_000, standing: "BLOCKED" }));
    expect((await over.charge(1, { points: 1, rows: 5_000 })).refusal).toMatchObject({
      code: "QUERY_TOO_COSTLY",
      extras: { over: 5_000 },
    });
    // What reads no rows still runs: somebody has to be able to look, and to raise the limit.
    expect((await over.charge(1)).refusal).toBeNull();
  });

  it("that would fit in a moment waits for it rather than be refused", async () => {
    const limit = createRateLimit({ budget: 10, windowSeconds: 1 }, { nowMs: () => Date.now() });
    const caller = callerWith();
    const verdicts = await Promise.all(
      Array.from({ length: 3 }, async () => limit.charge(caller, { cost: 5, requests: 1 }, null)),
    );
    expect(verdicts.map(({ refusal }) => refusal)).toEqual([null, null, null]);
  });
});
