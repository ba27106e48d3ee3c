import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import fc from "fast-check";
import { callerWith, newTenant } from "../fixture-credentials.ts";
import { optionsWith, post, startGateway } from "../gateway-fixture.ts";
import { createRateLimit } from "./rate-limit.ts";

const now = () => Date.now();

describe("createRateLimit", () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it("lets exactly the budget through, however it is split", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }), (costs) => {
        const limit = createRateLimit({ budget: 1_000, windowSeconds: 60 }, now);
        const caller = callerWith();
        let spent = 0;
        for (const cost of costs) {
          const { refusal } = limit.charge(caller, cost);
          const fits = spent + cost <= 1_000;
          // A unit is two points here: within it, what fits by less than a unit may go either way.
          if (Math.abs(spent + cost - 1_000) > 2) expect(refusal === null).toBe(fits);
          if (refusal === null) spent += cost;
        }
        expect(spent).toBeLessThan(1_002);
      }),
    );
  });

  it("tells when to come back, and is right about it", () => {
    const limit = createRateLimit({ budget: 100, windowSeconds: 10 }, now);
    const caller = callerWith();
    expect(limit.charge(caller, 60).refusal).toBeNull();
    jest.setSystemTime(Date.now() + 4_000);
    expect(limit.charge(caller, 40).refusal).toBeNull();
    const { refusal, state } = limit.charge(caller, 10);
    expect(refusal?.code).toBe("RATE_LIMITED");
    expect(refusal?.extras).toMatchObject({ retryAfterSeconds: 6, limit: 100, found: 10, remaining: 0 });
    expect(state?.headers).toEqual({ "ratelimit-policy": '"cost";q=100;w=10', ratelimit: '"cost";r=0;t=6' });
    jest.setSystemTime(Date.now() + 6_000);
    expect(limit.charge(caller, 10).refusal).toBeNull();
  });

  it("does not charge what it refused", () => {
    const limit = createRateLimit({ budget: 100, windowSeconds: 10 }, now);
    const caller = callerWith();
    limit.charge(caller, 90);
    for (let attempt = 0; attempt < 50; attempt += 1) expect(limit.charge(caller, 20).refusal).not.toBeNull();
    expect(limit.charge(caller, 10).refusal).toBeNull();
  });

  it("keeps the budgets of keys and tenants apart", () => {
    const limit = createRateLimit({ budget: 100, windowSeconds: 10 }, now);
    const tenantId = newTenant();
    const [first, second] = [callerWith({ tenantId }), callerWith({ tenantId })];
    const elsewhere = callerWith({ subject: first.subject });
    expect(limit.charge(first, 100).refusal).toBeNull();
    expect(limit.charge(first, 100).refusal).not.toBeNull();
    expect(limit.charge(second, 100).refusal).toBeNull();
    expect(limit.charge(elsewhere, 100).refusal).toBeNull();
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
    expect(refused?.body.errors?.[0]?.extensions).toMatchObject({ code: "RATE_LIMITED", limit: 30, found: 10 });
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused?.headers.get("ratelimit-policy")).toBe('"cost";q=30;w=60');
    expect(refused?.headers.get("ratelimit")).toMatch(/^"cost";r=0;t=\d+$/);
    const plainJson = await post(graph, reader, { query: "{ who }" }, { accept: "application/json" });
    expect(plainJson.status).toBe(429);
    await graph.stop();
  });

  it("is off when the budget is 0", () => {
    const limit = createRateLimit({ ...optionsWith().rate, budget: 0 }, now);
    expect(limit.charge(callerWith(), 1_000_000)).toEqual({ refusal: null, state: null });
  });
});
