import { useRateLimiter } from "@envelop/rate-limiter";
import type { Caller } from "@tessera/contracts/caller";
import { holding, throttleRefusal } from "@tessera/platform/abuse/throttle-refusal";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { Allowance } from "@tessera/platform/executions/allowance";
import type { BudgetCharge, BudgetStore, ChargeOutcome } from "@tessera/platform/limits/budget";
import { createMemoryBudgetStore } from "@tessera/platform/limits/memory-budget-store";
import type { KnownLimits, Quota, Quotas } from "@tessera/platform/limits/quotas";
import { rateHeadersOf, secondsOf } from "@tessera/platform/limits/rate-headers";
import type { NowMs } from "@tessera/platform/time/clock";
import { allowanceOf } from "./allowance.ts";
import type { StoreCost } from "./measured-cost.ts";
import { RateLimitStore, type PendingCharge } from "./rate-limit-store.ts";
import { sayingWhy, withThrottle } from "./throttle-quota.ts";

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
  /** Counts what the operation cost in the end in place of what was taken for it; null when nothing was taken. */
  readonly settle: Settle | null;
  /** What the operation may read of the event store; null when no bound is near, or it may not run. */
  readonly allowance: Allowance | null;
}

/** Settles a charge: points and rows the operation cost; called once, when it has ended. */
export type Settle = (cost: { readonly points: number; readonly rows: number }) => void;

/** What one operation takes. */
export interface Spending {
  /** Points; parts of a point count as a whole one. */
  readonly cost: number;
  /** Root fields, each alias by itself: what would have been as many requests. */
  readonly requests: number;
  /** What the event store is likely to add: the points count when they are more than `cost`. */
  readonly estimate?: StoreCost | undefined;
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

const OFF: RateVerdict = { refusal: null, state: null, settle: null, allowance: null };
/** Part of a budget that an estimate alone may take; what an operation costs beyond is settled when it has ended. */
const ESTIMATE_SHARE = 0.25;
/** Milliseconds an operation waits for its budget rather than be refused. */
const MAX_QUEUED_MS = 1_500;
/** Operations of one tenant that wait so at one time. */
const MAX_QUEUED_PER_TENANT = 16;
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

const UNIT_WORDS = { cost: "points", requests: "requests", rows: "rows" } as const;

/** What a caller can do about an operation that is too costly, by what there is too much of. */
const WHAT_TO_NARROW = {
  cost: "Ask for fewer fields or smaller pages.",
  requests: "Ask for fewer root fields at once.",
  rows: "Narrow the time range, filter on a dimension that rollups have, leave out exact measures, or ask for a higher limit.",
} as const;

const refusalOf = (quotas: readonly Quota[], charges: readonly BudgetCharge[], outcome: ChargeOutcome): Refusal => {
  const place = outcome.states.findIndex(({ fitsInMs }) => fitsInMs !== 0);
  const [quota, charge, state] = [quotas[place], charges[place], outcome.states[place]];
  if (quota === undefined || charge === undefined || state === undefined)
    throw new Error("A charge was refused by none of its budgets.");
  const { policy, limit, windowSeconds, unit } = quota;
  const about = { quota: policy, limit, windowSeconds, found: charge.amount, remaining: state.remaining };
  const takes = `The operation takes ${charge.amount} ${UNIT_WORDS[unit]}`;
  const waits = outcome.states.map(({ fitsInMs }) => fitsInMs ?? 0);
  const retryAfterSeconds = Math.max(1, secondsOf(Math.max(...waits)));
  if (state.fitsInMs === null || unit === "rows") {
    const over = charge.amount - (unit === "rows" ? state.remaining : limit);
    const has = unit === "rows" ? `has left (${limit} a day)` : `ever has (${limit} per ${windowSeconds} s)`;
    const detail = `${takes}, ${over} more than the quota "${policy}" ${has}. ${WHAT_TO_NARROW[unit]}`;
    return refuse("QUERY_TOO_COSTLY", detail, {
      ...{ ...about, over },
      ...(state.fitsInMs === null ? {} : { retryAfterSeconds }),
    });
  }
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
 * What is taken at first: an estimate takes at most its share of a budget, and at most `left` where that is known, so that it alone never keeps an operation
 * from running while anything is left: the event store then answers with what can be had for it.
 */
const amountOf = ({ unit, limit }: Quota, { cost, requests, estimate }: Spending, left = Infinity): number => {
  if (unit === "requests") return requests;
  const most = Math.min(limit * ESTIMATE_SHARE, left);
  if (unit === "cost") return Math.ceil(Math.max(cost, Math.min(estimate?.points ?? 0, most)));
  const rows = estimate?.rows ?? 0;
  // Of a budget that is used up not a row is left, whatever its share.
  return limit === 0 || left === 0 ? rows : Math.ceil(Math.min(rows, most));
};

/** Settles what an operation took: never less than its own points, since those are the gateway's work. */
const settling =
  (budgets: BudgetStore, quotas: readonly Quota[], charges: readonly BudgetCharge[], cost: number): Settle =>
  (spent) => {
    const finals = { cost: Math.max(Math.ceil(cost), Math.ceil(spent.points)), rows: Math.ceil(spent.rows) };
    const adjustments = quotas.flatMap(({ unit }, place) => {
      const charge = charges[place];
      if (unit === "requests" || charge === undefined || finals[unit] === charge.amount) return [];
      return [{ key: charge.key, windowSeconds: charge.windowSeconds, amount: finals[unit] - charge.amount }];
    });
    if (adjustments.length > 0) void budgets.adjust(adjustments);
  };

/** Lets operations wait a moment for their budget, a bounded number of each tenant. */
const createQueue = () => {
  const waiting = new Map<string, number>();
  return async (tenantId: string, waitMs: number): Promise<boolean> => {
    const before = waiting.get(tenantId) ?? 0;
    if (waitMs > MAX_QUEUED_MS || before >= MAX_QUEUED_PER_TENANT) return false;
    waiting.set(tenantId, before + 1);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const left = (waiting.get(tenantId) ?? 1) - 1;
    if (left === 0) waiting.delete(tenantId);
    else waiting.set(tenantId, left);
    return true;
  };
};

interface Attempt {
  readonly verdict: RateVerdict;
  /** What each budget had left. */
  readonly left: readonly number[];
  /** Milliseconds until the operation would fit; 0 when it was charged, null when it never will. */
  readonly fitsInMs: number | null;
}

const attemptOf = (
  budgets: BudgetStore,
  quotas: readonly Quota[],
  pending: PendingCharge,
  isOver: boolean,
  cost: number,
  nowMs: number,
): Attempt => {
  const { charges, outcome } = pending;
  if (outcome === null) throw new Error("The rate limiter decided without its store.");
  const state = stateOf(quotas, outcome);
  const left = outcome.states.map(({ remaining }) => remaining);
  if (!isOver) {
    const allowance = allowanceOf(quotas, charges, outcome, nowMs);
    const settle = settling(budgets, quotas, charges, cost);
    return { verdict: { refusal: null, state, settle, allowance }, left, fitsInMs: 0 };
  }
  const waits = outcome.states.map(({ fitsInMs }) => fitsInMs);
  const fitsInMs = waits.includes(null) ? null : Math.max(...waits.map((wait) => wait ?? 0));
  const refusal = refusalOf(quotas, charges, outcome);
  return { verdict: { refusal, state, settle: null, allowance: null }, left, fitsInMs };
};

type TryOnce = (quotas: readonly Quota[], spending: Spending, left?: readonly number[]) => Attempt | Promise<Attempt>;

/** Who is refused for an estimate alone, goes on with what is left instead. */
const withWhatIsLeft = (
  tryOnce: TryOnce,
  quotas: readonly Quota[],
  spending: Spending,
  { verdict, left }: Attempt,
): RateVerdict | Promise<RateVerdict> => {
  const estimated = spending.estimate !== undefined && spending.estimate.points + spending.estimate.rows > 0;
  if (verdict.refusal === null || !estimated) return verdict;
  const second = tryOnce(quotas, spending, left);
  const chosen = (attempt: Attempt): RateVerdict => (attempt.verdict.refusal === null ? attempt.verdict : verdict);
  return second instanceof Promise ? second.then(chosen) : chosen(second);
};

type ChargeTo = (quotas: readonly Quota[], spending: Spending, tenantId: string) => RateVerdict | Promise<RateVerdict>;

/** Charges a caller of whom limits are known: who is blocked for abuse is refused at once, who is held back for it is charged to that as well. */
const chargingKnown =
  (options: RateLimitOptions, nowMs: NowMs, chargeTo: ChargeTo) =>
  (
    known: KnownLimits,
    caller: Caller,
    spending: Spending,
    clientAddress: string | null,
  ): RateVerdict | Promise<RateVerdict> => {
    const throttle = holding(known.limits?.throttle, nowMs());
    if (throttle?.level === "BLOCKED") return { ...OFF, refusal: throttleRefusal(throttle, nowMs()) };
    const quotas = withThrottle(quotasOf(options, known, caller, clientAddress), throttle, caller);
    const verdict = chargeTo(quotas, spending, caller.tenantId);
    const told = (one: RateVerdict) => sayingWhy(one, throttle, nowMs());
    return verdict instanceof Promise ? verdict.then(told) : told(verdict);
  };

/**
 * Charges each operation to every quota that holds for it, to all of them or, when one has too little left, to none. What holds comes from
 * {@link Quotas}; the configured budget holds where no bound of cost was agreed or nothing can be read. Who would fit in a moment waits for it.
 */
export const createRateLimit = (options: RateLimitOptions, deps: RateLimitDeps): RateLimit => {
  if (options.budget === 0) return { charge: () => OFF };
  const budgets = deps.store ?? createMemoryBudgetStore(deps.nowMs);
  const store = new RateLimitStore(budgets);
  const limiter = limiterOver(store);
  const queue = createQueue();

  const tryOnce: TryOnce = (quotas, spending, left = []) => {
    const charges = quotas.map((quota, place) => {
      const { key, limit, windowSeconds } = quota;
      return { key, limit, windowSeconds, amount: amountOf(quota, spending, left[place]) };
    });
    const pending: PendingCharge = { charges, outcome: null };
    const call = { args: {}, context: { identity: store.expect(pending) } };
    const decided = limiter("operation", call, ONE_CALL);
    const attempt = (message: unknown) =>
      attemptOf(budgets, quotas, pending, message !== undefined, spending.cost, deps.nowMs());
    return decided instanceof Promise ? decided.then(attempt) : attempt(decided);
  };
  const queued = async (
    first: Attempt,
    tenantId: string,
    again: () => Attempt | Promise<Attempt>,
  ): Promise<Attempt> => {
    const waited = first.fitsInMs !== null && (await queue(tenantId, first.fitsInMs));
    return waited ? again() : first;
  };
  const chargeTo = (
    quotas: readonly Quota[],
    spending: Spending,
    tenantId: string,
  ): RateVerdict | Promise<RateVerdict> => {
    const again = () => tryOnce(quotas, spending);
    const settled = (attempt: Attempt) => withWhatIsLeft(tryOnce, quotas, spending, attempt);
    const first = again();
    if (first instanceof Promise)
      return first.then(async (attempt) =>
        attempt.fitsInMs === 0 ? attempt.verdict : settled(await queued(attempt, tenantId, again)),
      );
    const mayWait = first.fitsInMs !== null && first.fitsInMs > 0 && first.fitsInMs <= MAX_QUEUED_MS;
    return mayWait ? queued(first, tenantId, again).then(settled) : settled(first);
  };
  const chargeKnown = chargingKnown(options, deps.nowMs, chargeTo);
  return {
    charge: (caller, spending, clientAddress) => {
      const known = deps.quotas?.of(caller) ?? { quotas: [], limits: null };
      return known instanceof Promise
        ? known.then((limits) => chargeKnown(limits, caller, spending, clientAddress))
        : chargeKnown(known, caller, spending, clientAddress);
    },
  };
};
