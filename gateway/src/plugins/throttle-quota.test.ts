import { describe, expect, it } from "@jest/globals";
import type { ActiveThrottle } from "@tessera/contracts/abuse";
import type { Caller } from "@tessera/contracts/caller";
import type { KnownLimits, Quota } from "@tessera/platform/limits/quotas";
import { callerWith } from "../fixture-credentials.ts";
import { createRateLimit, type RateVerdict } from "./rate-limit.ts";
import { withThrottle } from "./throttle-quota.ts";

const START_MS = 1_700_000_000_000;
const throttleOf = ({ subject }: Caller, more: Partial<ActiveThrottle> = {}): ActiveThrottle => ({
  ...{ source: { kind: "API_KEY", id: subject.id }, kind: "COST_SPIKE", level: "REDUCED", percent: 25 },
  ...{ untilMs: START_MS + 900_000, ...more },
});

/** A limiter of 100 points per 10 s over a clock the test turns, in which one caller is held back. */
const limiting = (held: Caller, throttle: ActiveThrottle | null) => {
  const clock = { nowMs: START_MS };
  const known = (subject: Caller["subject"], tenantId: Caller["tenantId"]): KnownLimits => ({
    quotas: [],
    limits: {
      tenantId,
      tier: "T",
      features: [],
      limits: [],
      throttle: subject.id === held.subject.id ? throttle : null,
    },
  });
  const limit = createRateLimit(
    { budget: 100, windowSeconds: 10 },
    { nowMs: () => clock.nowMs, quotas: { of: ({ subject, tenantId }) => known(subject, tenantId) } },
  );
  const charge = async (caller: Caller, cost: number): Promise<RateVerdict> =>
    limit.charge(caller, { cost, requests: 1 }, null);
  return { clock, charge };
};

describe("a caller that is held back", () => {
  it("has a quarter of its budget, is told why and until when, and everything again when it is over", async () => {
    const caller = callerWith();
    const { clock, charge } = limiting(caller, throttleOf(caller));
    expect((await charge(caller, 25)).refusal).toBeNull();
    const { refusal, state } = await charge(caller, 5);
    expect(refusal?.code).toBe("RATE_LIMITED");
    expect(refusal?.extras).toMatchObject({
      ...{ quota: "throttle", limit: 25, windowSeconds: 10, found: 5, remaining: 0, retryAfterSeconds: 11 },
      ...{
        throttledFor: "COST_SPIKE",
        throttledUntil: new Date(START_MS + 900_000).toISOString(),
        throttleLevel: "REDUCED",
      },
    });
    expect(refusal?.message).toContain("COST_SPIKE");
    expect(state?.headers["ratelimit-policy"]).toBe('"cost";q=100;w=10;qu="points", "throttle";q=25;w=10;qu="points"');
    clock.nowMs = START_MS + 900_000;
    expect((await charge(caller, 100)).refusal).toBeNull();
  });

  it("and blocked may do nothing; others of its tenant go on", async () => {
    const caller = callerWith();
    const other: Caller = { ...caller, subject: { kind: "API_KEY", id: "other" } };
    const { charge } = limiting(caller, throttleOf(caller, { level: "BLOCKED", percent: 0, kind: "SCRAPING" }));
    expect((await charge(caller, 1)).refusal?.extras).toMatchObject({
      throttledFor: "SCRAPING",
      retryAfterSeconds: 900,
    });
    expect((await charge(other, 100)).refusal).toBeNull();
  });

  it("keeps a part of the smallest of its bounds of cost, by the second", () => {
    const caller = callerWith();
    const quota = (policy: string, limit: number, windowSeconds: number): Quota => ({
      ...{ policy, key: policy, unit: "cost", limit, windowSeconds },
    });
    const quotas = [quota("a", 100, 10), quota("b", 120, 60), { ...quota("c", 1, 1), unit: "requests" as const }];
    expect(withThrottle(quotas, throttleOf(caller), caller).at(-1)).toMatchObject({ limit: 30, windowSeconds: 60 });
    expect(withThrottle(quotas, null, caller)).toBe(quotas);
  });
});
