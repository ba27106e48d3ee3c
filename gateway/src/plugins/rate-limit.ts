import { useRateLimiter } from "@envelop/rate-limiter";
import type { Caller } from "@tessera/contracts/caller";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { BudgetCharge, BudgetStore, ChargeOutcome } from "@tessera/platform/limits/budget";
import { createMemoryBudgetStore } from "@tessera/platform/limits/memory-budget-store";
import type { KnownLimits, Quota, Quotas } from "@tessera/platform/limits/quotas";
import { rateHeadersOf, secondsOf } from "@tessera/platform/limits/rate-headers";
import type { NowMs } from "@tessera/platform/time/clock";
import { RateLimitStore, type PendingCharge } from "./rate-limit-store.ts";

/** Points a caller may spend per window where no limit of cost was agreed: 60 of the costliest operations, or a thousand plain ones a second. */
export const DEFAULT_RATE_BUDGET = 600_000;
/** Seconds of the sliding window. */
export const DEFAULT_RATE_WINDOW_SECONDS = 60;
/** Points one address may spend per window, whoever asks from it: ten callers at their whole budget behind one proxy. */
export const DEFAULT_ADDRESS_BUDGET = 6_000_000;

/** Options of {@link createRateLimit}. */
export interface RateLimitOptions {
  /** Points per window and caller; 0 turns all rate limits off. */
  readonly budget: number;
  /** Points per window and network address; absent or 0: none. */
  readonly addressBudget?: number;
  readonly windowSeconds: number;
}

/** What is left of a caller's quotas; the headers are those of draft-ietf-httpapi-ratelimit-headers. */
export interface RateState {
  /** Points the caller may still spend now: the least of its quotas of cost. */
  readonly remaining: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The verdict on one operation. */
export interface RateVerdict {
  readonly refusal: Refusal | null;
  /** Null while the limit is off. */
  readonly state: RateState | null;
}

/** What one operation takes. */
export interface Spending {
  /** Points; parts of a point count as a whole one. */
  readonly cost: number;
  /** Root fields, each alias by itself: what would have been as many requests. */
  readonly requests: number;
}

/** Charges callers for their operations. */
export interface RateLimit {
  /** Decides at once where it can. `clientAddress` null: the platform itself asks, and no address is charged. */
  readonly charge: (
    caller: Caller,
    spending: Spending,
    clientAddress: string | null,
  ) => RateVerdict | Promise<RateVerdict>;
}

/** Where limits come from and are counted; a gateway alone counts in its own process. */
export interface RateLimitDeps {
  readonly nowMs: NowMs;
  readonly store?: BudgetStore | undefined;
  readonly quotas?: Quotas | undefined;
}

type ChargeContext = { readonly identity: string };
type Limiter = (
  field: string,
  call: { args: Record<string, unknown>; context: ChargeContext },
  config: { max: number; window: string; uncountRejected: boolean },
) => unknown;

/** The charging function of @envelop/rate-limiter, as its plugin hands it to contexts. */
const limiterOver = (store: RateLimitStore): Limiter => {
  const plugin = useRateLimiter({
    store,
    // boundary: the plugin hands back the context it was called with, which is the one below
    identifyFn: (context) => (context as ChargeContext).identity,
  });
  let limiter: unknown;
  void plugin.onContextBuilding?.({
    context: { rateLimiterFn: () => undefined },
    extendContext: (extension) => {
      limiter = extension.rateLimiterFn;
    },
    breakContextBuilding: () => {},
  });
  if (typeof limiter !== "function") throw new Error("@envelop/rate-limiter gave no charging function.");
  return limiter as Limiter; // boundary: its published shape; it answers at once over a store that does
};

const OFF: RateVerdict = { refusal: null, state: null };
/** One charge is one call of the one allowed; what it takes from which budget is the store's. */
const ONE_CALL = { max: 1, window: "1m", uncountRejected: true };

const subjectKey = ({ tenantId, subject }: Caller): string => `${tenantId}:${subject.kind}:${subject.id}`;

/** The quotas an operation is charged to: what was agreed, the configured budget where no bound of cost was, and the address. */
const quotasOf = (
  options: RateLimitOptions,
  known: KnownLimits,
  caller: Caller,
  clientAddress: string | null,
): readonly Quota[] => {
  const { budget, windowSeconds, addressBudget = 0 } = options;
  const quotas = [...known.quotas];
  if (!quotas.some(({ unit }) => unit === "cost"))
    quotas.push({
      policy: "cost",
      key: `CONFIGURED:${subjectKey(caller)}`,
      unit: "cost",
      limit: budget,
      windowSeconds,
    });
  if (addressBudget > 0 && clientAddress !== null)
    quotas.push({
      policy: "address",
      key: `ADDRESS:${clientAddress}`,
      unit: "cost",
      limit: addressBudget,
      windowSeconds,
    });
  return quotas;
};

const UNIT_WORDS = { cost: "points", requests: "requests" } as const;

const refusalOf = (quotas: readonly Quota[], charges: readonly BudgetCharge[], outcome: ChargeOutcome): Refusal => {
  const place = outcome.states.findIndex(({ fitsInMs }) => fitsInMs !== 0);
  const [quota, charge, state] = [quotas[place], charges[place], outcome.states[place]];
  if (quota === undefined || charge === undefined || state === undefined)
    throw new Error("A charge was refused by none of its budgets.");
  const { policy, limit, windowSeconds, unit } = quota;
  const about = { quota: policy, limit, windowSeconds, found: charge.amount, remaining: state.remaining };
  const takes = `The operation takes ${charge.amount} ${UNIT_WORDS[unit]}`;
  if (state.fitsInMs === null) {
    const over = charge.amount - limit;
    const detail = `${takes}, ${over} more than the quota "${policy}" ever has (${limit} per ${windowSeconds} s). Ask for fewer fields or smaller pages.`;
    return refuse("QUERY_TOO_COSTLY", detail, { ...about, over });
  }
  const waits = outcome.states.map(({ fitsInMs }) => fitsInMs ?? 0);
  const retryAfterSeconds = Math.max(1, secondsOf(Math.max(...waits)));
  const detail = `${takes}; the quota "${policy}" has ${state.remaining} of ${limit} per ${windowSeconds} s left.`;
  return refuse("RATE_LIMITED", detail, { ...about, retryAfterSeconds });
};

const stateOf = (quotas: readonly Quota[], outcome: ChargeOutcome): RateState => {
  const told = quotas.flatMap((quota, place) => {
    const state = outcome.states[place];
    return state === undefined ? [] : [{ quota, state }];
  });
  const points = told.flatMap(({ quota, state }) => (quota.unit === "cost" ? [state.remaining] : []));
  return { remaining: Math.min(...points), headers: rateHeadersOf(told) };
};

/**
 * Charges each operation to every quota that holds for it, to all of them or, when one has too little left, to none. What holds comes from
 * {@link Quotas}; the configured budget holds where no bound of cost was agreed or nothing can be read.
 */
export const createRateLimit = (options: RateLimitOptions, deps: RateLimitDeps): RateLimit => {
  if (options.budget === 0) return { charge: () => OFF };
  const store = new RateLimitStore(deps.store ?? createMemoryBudgetStore(deps.nowMs));
  const limiter = limiterOver(store);

  const verdictOf = (quotas: readonly Quota[], { charges, outcome }: PendingCharge, isOver: boolean): RateVerdict => {
    if (outcome === null) throw new Error("The rate limiter decided without its store.");
    return { refusal: isOver ? refusalOf(quotas, charges, outcome) : null, state: stateOf(quotas, outcome) };
  };
  const chargeTo = (quotas: readonly Quota[], { cost, requests }: Spending): RateVerdict | Promise<RateVerdict> => {
    const amounts = { cost: Math.ceil(cost), requests };
    const charges = quotas.map(({ key, limit, windowSeconds, unit }) => ({
      ...{ key, limit, windowSeconds },
      amount: amounts[unit],
    }));
    const pending: PendingCharge = { charges, outcome: null };
    const call = { args: {}, context: { identity: store.expect(pending) } };
    const decided = limiter("operation", call, ONE_CALL);
    return decided instanceof Promise
      ? decided.then((message: unknown) => verdictOf(quotas, pending, message !== undefined))
      : verdictOf(quotas, pending, decided !== undefined);
  };
  return {
    charge: (caller, spending, clientAddress) => {
      const known = deps.quotas?.of(caller) ?? { quotas: [], limits: null };
      return known instanceof Promise
        ? known.then((limits) => chargeTo(quotasOf(options, limits, caller, clientAddress), spending))
        : chargeTo(quotasOf(options, known, caller, clientAddress), spending);
    },
  };
};
