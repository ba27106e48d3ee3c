import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Caller } from "@tessera/contracts/caller";
import type { LimitLevel, ReadEffectiveLimits } from "@tessera/contracts/limits";
import { createLeasedBudgetStore } from "@tessera/platform/limits/leased-budget-store";
import { createMemoryBudgetStore } from "@tessera/platform/limits/memory-budget-store";
import { createQuotas } from "@tessera/platform/limits/quotas";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { callerWith, newTenant } from "../fixture-credentials.ts";
import { optionsWith, post, startGateway } from "../gateway-fixture.ts";
import { createRateLimit, type RateLimitDeps, type RateLimitOptions, type RateVerdict } from "./rate-limit.ts";

const START_MS = 1_700_000_000_000;

/** A limiter over a clock the test turns, asked at once. */
const limiting = (options: Partial<RateLimitOptions>, deps: Partial<RateLimitDeps> = {}) => {
  const clock = { nowMs: START_MS };
  const limit = createRateLimit({ budget: 100, windowSeconds: 10, ...options }, { nowMs: () => clock.nowMs, ...deps });
  const charge = (caller: Caller, cost: number, address: string | null = null, requests = 1): RateVerdict => {
    const verdict = limit.charge(caller, { cost, requests }, address);
    if (verdict instanceof Promise) throw new Error("the limiter made a caller wait that need not");
    return verdict;
  };
  return { clock, limit, charge };
};

describe("the configured budget", () => {
  it("lets exactly the budget through, however it is split", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }), (costs) => {
        const { charge } = limiting({ budget: 1_000, windowSeconds: 60 });
        const caller = callerWith();
        let spent = 0;
        for (const cost of costs) {
          const { refusal } = charge(caller, cost);
          expect(refusal === null).toBe(spent + cost <= 1_000);
          if (refusal === null) spent += cost;
        }
      }),
    );
  });

  it("tells when to come back, and is right about it", () => {
    const { clock, charge } = limiting({});
    const caller = callerWith();
    expect(charge(caller, 60).refusal).toBeNull();
    clock.nowMs += 4_000;
    expect(charge(caller, 40).refusal).toBeNull();
    const { refusal, state } = charge(caller, 10);
    expect(refusal?.code).toBe("RATE_LIMITED");
    const about = { quota: "cost", limit: 100, windowSeconds: 10, found: 10, remaining: 0 };
    expect(refusal?.extras).toMatchObject({ ...about, retryAfterSeconds: 7 });
    expect(state?.headers).toEqual({
      "ratelimit-policy": '"cost";q=100;w=10;qu="points"',
      ratelimit: '"cost";r=0;t=7',
    });
    clock.nowMs += 7_000;
    expect(charge(caller, 10).refusal).toBeNull();
  });

  it("does not charge what it refused", () => {
    const { charge } = limiting({});
    const caller = callerWith();
    charge(caller, 90);
    for (let attempt = 0; attempt < 50; attempt += 1) expect(charge(caller, 20).refusal).not.toBeNull();
    expect(charge(caller, 10).refusal).toBeNull();
  });

  it("says of an operation that could never run by how much it is too costly", () => {
    const { charge } = limiting({});
    const { refusal } = charge(callerWith(), 130);
    expect(refusal).toMatchObject({ code: "QUERY_TOO_COSTLY", extras: { limit: 100, found: 130, over: 30 } });
  });

  it("is kept apart for keys and tenants, and together for all who come from one address", () => {
    const { charge } = limiting({ addressBudget: 250 });
    const tenantId = newTenant();
    const [first, second] = [callerWith({ tenantId }), callerWith({ tenantId })];
    const elsewhere = callerWith({ subject: first.subject });
    expect(charge(first, 100, "192.0.2.1").refusal).toBeNull();
    expect(charge(first, 100, "192.0.2.1").refusal?.extras).toMatchObject({ quota: "cost" });
    expect(charge(second, 100, "192.0.2.1").refusal).toBeNull();
    expect(charge(elsewhere, 100, "192.0.2.1").refusal?.extras).toMatchObject({ quota: "address", remaining: 50 });
    expect(charge(elsewhere, 100, "192.0.2.2").refusal).toBeNull();
  });

  it("is off when it is 0", () => {
    expect(limiting({ budget: 0 }).charge(callerWith(), 1_000_000)).toEqual({
      refusal: null,
      state: null,
      settle: null,
      allowance: null,
    });
  });
});

const level = (scope: LimitLevel["scope"], scopeId: string, hard: number | null): LimitLevel => ({
  ...{ scope, scopeId, hard, soft: null, graceSeconds: 0, fromTier: false, used: null },
  ...{ standing: "WITHIN", graceUntilMs: null },
});

/** Limits of a tenant of an organisation: points of organisation, tenant and key, requests of the key. */
const agreed =
  (points: readonly [number, number | null, number], requests: number): ReadEffectiveLimits =>
  (tenantId, { id }) => {
    const [organisation, tenant, key] = points;
    const cost = [
      level("ORGANISATION", "org", organisation),
      level("TENANT", tenantId, tenant),
      level("API_KEY", id, key),
    ];
    return Promise.resolve({
      ...{ tenantId, tier: "TEAM", features: [] },
      limits: [
        { metric: "COST_POINTS_PER_MINUTE", hard: 0, standing: "WITHIN", levels: cost },
        { metric: "REQUESTS_PER_MINUTE", hard: 0, standing: "WITHIN", levels: [level("API_KEY", id, requests)] },
      ],
    });
  };

const logger = createLogger("test", "silent");

describe("agreed limits", () => {
  const limitedBy = (read: ReadEffectiveLimits, deps: Partial<RateLimitDeps> = {}) => {
    const clock = { nowMs: START_MS };
    const nowMs = () => clock.nowMs;
    const quotas = createQuotas({ read, nowMs, logger });
    const limit = createRateLimit({ budget: 100, windowSeconds: 10 }, { nowMs, quotas, ...deps });
    const charge = async (caller: Caller, cost: number, requests = 1) => limit.charge(caller, { cost, requests }, null);
    return { clock, limit, charge };
  };

  it("hold at every level at once, and a refusal names the widest that has too little left", async () => {
    const { charge } = limitedBy(agreed([1_000, 700, 400], 100));
    const tenantId = newTenant();
    const [first, second, third] = [1, 2, 3].map(() => callerWith({ tenantId }));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three callers");
    expect((await charge(first, 400)).refusal).toBeNull();
    expect((await charge(first, 10)).refusal?.extras).toMatchObject({ quota: "key-cost", limit: 400, remaining: 0 });
    expect((await charge(second, 300)).refusal).toBeNull();
    expect((await charge(third, 10)).refusal?.extras).toMatchObject({ quota: "tenant-cost", limit: 700 });
    const elsewhere = callerWith();
    expect((await charge(elsewhere, 310)).refusal?.extras).toMatchObject({
      quota: "organisation-cost",
      remaining: 300,
    });
    expect((await charge(elsewhere, 300)).refusal).toBeNull();
  });

  it("count each alias and root field as a request", async () => {
    const { charge } = limitedBy(agreed([1_000, null, 1_000], 10));
    const caller = callerWith();
    expect((await charge(caller, 1, 7)).refusal).toBeNull();
    expect((await charge(caller, 1, 4)).refusal?.extras).toMatchObject({
      quota: "key-requests",
      found: 4,
      remaining: 3,
    });
  });

  it("take the place of the configured budget, which holds where no bound of cost was agreed", async () => {
    const { charge } = limitedBy(agreed([100_000, null, 50_000], 100));
    expect((await charge(callerWith(), 5_000)).refusal).toBeNull();
    const unlimited = limitedBy((tenantId) => Promise.resolve({ tenantId, tier: "T", features: [], limits: [] }));
    expect((await unlimited.charge(callerWith(), 101)).refusal?.code).toBe("QUERY_TOO_COSTLY");
  });

  it("that can't be read leave the configured budget, and what was known of a caller goes on holding", async () => {
    let broken = true;
    const read: ReadEffectiveLimits = (tenantId, subject) =>
      broken ? Promise.reject(new Error("no answer")) : agreed([1_000, 700, 400], 100)(tenantId, subject);
    const { clock, charge } = limitedBy(read);
    const caller = callerWith();
    expect((await charge(caller, 101)).refusal?.extras).toMatchObject({ quota: "cost", limit: 100 });
    broken = false;
    clock.nowMs += 2_000;
    expect((await charge(caller, 101)).refusal).toBeNull();
    broken = true;
    clock.nowMs += 60_000;
    expect((await charge(caller, 401)).refusal?.extras).toMatchObject({ quota: "key-cost", limit: 400 });
  });

  it("that were changed hold within five seconds", async () => {
    let points = 400;
    const { clock, charge } = limitedBy((tenantId, subject) => agreed([9_000, 9_000, points], 100)(tenantId, subject));
    const caller = callerWith();
    await charge(caller, 1);
    points = 50;
    clock.nowMs += 5_000;
    expect((await charge(caller, 60)).refusal?.extras).toMatchObject({ limit: 50 });
  });

  it("are told in the fields of the draft, each quota with what is left of it", async () => {
    const { charge } = limitedBy(agreed([1_000, null, 400], 100));
    const { state } = await charge(callerWith(), 30, 3);
    expect(state?.headers).toEqual({
      "ratelimit-policy":
        '"organisation-cost";q=1000;w=60;qu="points", "key-cost";q=400;w=60;qu="points", "key-requests";q=100;w=60;qu="requests"',
      ratelimit: '"organisation-cost";r=970;t=61, "key-cost";r=370;t=61, "key-requests";r=97;t=61',
    });
    expect(state?.remaining).toBe(370);
  });

  it("are one budget for several gateways that share a store", async () => {
    const shared = createMemoryBudgetStore(() => START_MS);
    const source = {
      adjust: async (adjustments: Parameters<typeof shared.adjust>[0]) => shared.adjust(adjustments),
      lease: async (claims: Parameters<typeof shared.charge>[0]) => {
        const { charged, states } = shared.charge(claims);
        return {
          charged,
          states: states.map((state, place) => ({ ...state, granted: charged ? (claims[place]?.amount ?? 0) : 0 })),
        };
      },
    };
    const gateways = [1, 2].map(() =>
      limitedBy(agreed([1_000, 700, 400], 1_000), {
        store: createLeasedBudgetStore({ source, nowMs: () => START_MS, logger }),
      }),
    );
    const caller = callerWith();
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, async (_, place) => gateways[place % 2]?.charge(caller, 10)),
    );
    expect(verdicts.filter((verdict) => verdict?.refusal === null)).toHaveLength(40);
  });
});

describe("rate limiting over HTTP", () => {
  it("lets no more through at once than one after another, and says 429 with its headers", async () => {
    const graph = await startGateway({ rate: { budget: 30, windowSeconds: 60 } });
    const reader = graph.issue();
    const ask = () => post(graph, reader, { query: "{ a: events(first: 5) { id } b: events(first: 5) { id } }" });
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = answers.find(({ status }) => status === 429);
    const told = { code: "RATE_LIMITED", quota: "cost", limit: 30, found: 10 };
    expect(refused?.body.errors?.[0]?.extensions).toMatchObject(told);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused?.headers.get("ratelimit-policy")).toBe('"cost";q=30;w=60;qu="points"');
    expect(refused?.headers.get("ratelimit")).toMatch(/^"cost";r=0;t=\d+$/);
    const plainJson = await post(graph, reader, { query: "{ who }" }, { accept: "application/json" });
    expect(plainJson.status).toBe(429);
    await graph.stop();
  });

  it("counts an operation by the address it came from", async () => {
    const graph = await startGateway({ rate: { ...optionsWith().rate, addressBudget: 25 } });
    const ask = () => post(graph, graph.issue(), { query: "{ events(first: 10) { id } }" });
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(200);
    expect((await ask()).body.errors?.[0]?.extensions).toMatchObject({ quota: "address", limit: 25 });
    await graph.stop();
  });
});
