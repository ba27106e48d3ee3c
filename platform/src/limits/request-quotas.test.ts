import { describe, expect, it } from "@jest/globals";
import type { ActiveThrottle } from "@tessera/contracts/abuse";
import { LIMIT_METRICS, type LimitLevel, type LimitMetric } from "@tessera/contracts/limits";
import { createLogger } from "../telemetry/logger.ts";
import { callerWith, freshTenantId } from "../testing/ask-subgraph.ts";
import { createMemoryBudgetStore } from "./memory-budget-store.ts";
import { createQuotas } from "./quotas.ts";
import { createRequestQuotas } from "./request-quotas.ts";

const NOW = 1_795_000_000_000;

const quotasWith = (
  levels: Partial<Record<LimitMetric, Partial<LimitLevel>>>,
  throttle: ActiveThrottle | null = null,
) => {
  const level = (more: Partial<LimitLevel>): LimitLevel => ({
    ...{ scope: "TENANT", scopeId: "t", hard: null, soft: null, graceSeconds: 0, fromTier: false, used: null },
    ...{ standing: "WITHIN", graceUntilMs: null, ...more },
  });
  const nowMs = () => NOW;
  const quotas = createQuotas({
    read: (tenantId) =>
      Promise.resolve({
        ...{ tenantId, tier: "T", features: [], throttle },
        limits: LIMIT_METRICS.map((metric) => ({
          ...{ metric, hard: null, standing: "WITHIN" as const },
          levels: levels[metric] === undefined ? [] : [level(levels[metric])],
        })),
      }),
    ...{ nowMs, logger: createLogger("test", "silent") },
  });
  return createRequestQuotas({ quotas, budgets: createMemoryBudgetStore(nowMs), nowMs });
};
const caller = callerWith(freshTenantId(), []);

describe("requests that are no operations of the graph", () => {
  it("are as many as the quota of requests has, each told what is left", async () => {
    const quotas = quotasWith({ REQUESTS_PER_MINUTE: { hard: 2 }, COST_POINTS_PER_MINUTE: { hard: 1 } });
    const verdicts = [];
    for (let turn = 0; turn < 3; turn += 1) verdicts.push(await quotas.charge(caller, "EVENTS_PER_MONTH"));
    expect(verdicts.map(({ refusal }) => refusal?.code ?? null)).toEqual([null, null, "RATE_LIMITED"]);
    expect(verdicts[1]?.headers).toEqual({
      "ratelimit-policy": '"tenant-requests";q=2;w=60;qu="requests"',
      ratelimit: '"tenant-requests";r=0;t=61',
    });
    expect(verdicts[2]?.refusal?.extras).toMatchObject({ quota: "tenant-requests", limit: 2, retryAfterSeconds: 61 });
  });

  it("are refused while the ledger has blocked what they add to, and by nothing else that it has", async () => {
    const blocked = { hard: 100, used: 150, standing: "BLOCKED" as const };
    const events = quotasWith({ EVENTS_PER_MONTH: blocked });
    expect((await events.charge(caller, "EVENTS_PER_MONTH")).refusal).toMatchObject({
      code: "RATE_LIMITED",
      extras: { quota: "tenant-events-per-month", limit: 100, found: 150 },
    });
    const rows = quotasWith({ ROWS_READ_PER_DAY: blocked });
    expect(await rows.charge(caller, "EVENTS_PER_MONTH")).toEqual({ headers: {}, refusal: null });
    const grace = quotasWith({ EVENTS_PER_MONTH: { ...blocked, standing: "GRACE", graceSeconds: 60 } });
    expect((await grace.charge(caller, "EVENTS_PER_MONTH")).refusal).toBeNull();
  });

  it("are refused to who is blocked for abuse, saying why and until when, and to nobody once that is over", async () => {
    const until = NOW + 60_000;
    const source = { kind: "API_KEY", id: "k" } as const;
    const held = (untilMs: number, level: "BLOCKED" | "REDUCED") =>
      quotasWith({}, { source, kind: "COST_SPIKE", level, percent: 25, untilMs }).charge(caller, "EVENTS_PER_MONTH");
    expect((await held(until, "BLOCKED")).refusal).toMatchObject({
      code: "RATE_LIMITED",
      extras: { quota: "throttle", throttledFor: "COST_SPIKE", throttledUntil: new Date(until).toISOString() },
    });
    expect((await held(NOW, "BLOCKED")).refusal).toBeNull();
    expect((await held(until, "REDUCED")).refusal).toBeNull();
  });
});
