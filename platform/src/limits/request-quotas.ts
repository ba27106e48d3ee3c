import type { Caller } from "@tessera/contracts/caller";
import type { EffectiveLimits, LimitMetric } from "@tessera/contracts/limits";
import { refuse, type Refusal } from "../errors/refusal.ts";
import { holding, throttleRefusal } from "../abuse/throttle-refusal.ts";
import type { NowMs } from "../time/clock.ts";
import type { BudgetStore, ChargeOutcome } from "./budget.ts";
import { rateHeadersOf, secondsOf } from "./rate-headers.ts";
import type { Quota, Quotas } from "./quotas.ts";

/** Seconds after which a tenant that is over a metered limit may ask whether that has changed. */
const ASK_AGAIN_SECONDS = 300;

/** Where a request stands: what is told of its quotas, and why it may not go on, if it may not. */
export interface RequestVerdict {
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal: Refusal | null;
}

/** Holds requests that are no operations of the graph to the quotas of requests, and to what the ledger has blocked. */
export interface RequestQuotas {
  /** Charges one request of a caller; `metered` is the limit of the ledger that the request adds to. */
  charge(caller: Caller, metered: LimitMetric): Promise<RequestVerdict>;
}

const blockedBy = (limits: EffectiveLimits | null, metric: LimitMetric): Refusal | null => {
  const limit = limits?.limits.find((one) => one.metric === metric);
  const level = limit?.levels.find(({ standing }) => standing === "BLOCKED");
  if (level === undefined) return null;
  const quota = `${level.scope.toLowerCase().replace("api_", "")}-${metric.toLowerCase().replaceAll("_", "-")}`;
  const detail = `The limit ${metric} is used up: ${level.used ?? 0} of ${level.hard ?? 0}, and its grace is over. Ask for a higher limit or wait for the next period.`;
  const about = { quota, limit: level.hard ?? 0, found: level.used ?? 0, retryAfterSeconds: ASK_AGAIN_SECONDS };
  return refuse("RATE_LIMITED", detail, about);
};

const refusalOf = (quotas: readonly Quota[], { states }: ChargeOutcome): Refusal => {
  const place = states.findIndex(({ fitsInMs }) => fitsInMs !== 0);
  const { policy, limit, windowSeconds } = quotas[place] ?? { policy: "requests", limit: 0, windowSeconds: 0 };
  const waits = states.map(({ fitsInMs }) => fitsInMs ?? ASK_AGAIN_SECONDS * 1_000);
  const retryAfterSeconds = Math.max(1, secondsOf(Math.max(...waits)));
  const detail = `The quota "${policy}" has none left of ${limit} requests per ${windowSeconds} s.`;
  return refuse("RATE_LIMITED", detail, {
    quota: policy,
    limit,
    windowSeconds,
    found: 1,
    remaining: 0,
    retryAfterSeconds,
  });
};

/** Builds {@link RequestQuotas}. */
export const createRequestQuotas = (deps: {
  readonly quotas: Quotas;
  readonly budgets: BudgetStore;
  readonly nowMs: NowMs;
}): RequestQuotas => ({
  charge: async (caller, metered) => {
    const { quotas: all, limits } = await deps.quotas.of(caller);
    const throttle = holding(limits?.throttle, deps.nowMs());
    if (throttle?.level === "BLOCKED") return { headers: {}, refusal: throttleRefusal(throttle, deps.nowMs()) };
    const blocked = blockedBy(limits, metered);
    if (blocked !== null) return { headers: {}, refusal: blocked };
    const quotas = all.filter(({ unit }) => unit === "requests");
    if (quotas.length === 0) return { headers: {}, refusal: null };
    const outcome = await deps.budgets.charge(
      quotas.map(({ key, limit, windowSeconds }) => ({ key, limit, windowSeconds, amount: 1 })),
    );
    const told = quotas.flatMap((quota, place) => {
      const state = outcome.states[place];
      return state === undefined ? [] : [{ quota, state }];
    });
    return { headers: rateHeadersOf(told), refusal: outcome.charged ? null : refusalOf(quotas, outcome) };
  },
});
