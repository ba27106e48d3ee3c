import { useRateLimiter } from "@envelop/rate-limiter";
import { LRUCache } from "lru-cache";
import type { Caller } from "@tessera/contracts/caller";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { MAX_RATE_LIMITED_CALLERS, RateLimitStore } from "./rate-limit-store.ts";

/** Points a caller may spend per window: 60 of the costliest operations, or a thousand plain ones a second. */
export const DEFAULT_RATE_BUDGET = 600_000;
/** Seconds of the sliding window. */
export const DEFAULT_RATE_WINDOW_SECONDS = 60;
/** The limiter keeps one timestamp per unit, and looks at each: a budget is cut into this many units. */
const UNITS = 500;

/** Options of {@link createRateLimit}. */
export interface RateLimitOptions {
  /** Points per window and caller; 0 turns the limit off. */
  readonly budget: number;
  readonly windowSeconds: number;
}

/** What is left of a caller's budget; the headers are those of draft-ietf-httpapi-ratelimit-headers. */
export interface RateState {
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The verdict on one operation. */
export interface RateVerdict {
  readonly refusal: Refusal | null;
  /** Null while the limit is off. */
  readonly state: RateState | null;
}

/** Charges callers for their operations. */
export interface RateLimit {
  readonly charge: (caller: Caller, cost: number) => RateVerdict;
}

type ChargeContext = { readonly callerKey: string };
type Limiter = (
  field: string,
  call: { args: Record<string, unknown>; context: ChargeContext },
  config: { max: number; window: string; arrayLengthField: string; uncountRejected: boolean },
) => unknown;

/** The charging function of @envelop/rate-limiter, as its plugin hands it to contexts. */
const limiterOver = (store: RateLimitStore): Limiter => {
  const plugin = useRateLimiter({
    store,
    // boundary: the plugin hands back the context it was called with, which is the one below
    identifyFn: (context) => (context as ChargeContext).callerKey,
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
  return limiter as Limiter; // boundary: its published shape; it answers synchronously over a synchronous store
};

const keyOf = ({ tenantId, subject }: Caller): string => `${tenantId}:${subject.kind}:${subject.id}`;

const OFF: RateVerdict = { refusal: null, state: null };

/**
 * Charges each operation its cost, per tenant and key, in a sliding window. Parts of a unit are carried to the caller's next operation, so
 * that cheap ones are charged exactly and the window still holds few entries; what is refused is not charged.
 */
export const createRateLimit = (options: RateLimitOptions, nowMs: NowMs): RateLimit => {
  const { budget, windowSeconds } = options;
  if (budget === 0) return { charge: () => OFF };
  const units = Math.min(UNITS, budget);
  const unit = budget / units;
  const windowMs = windowSeconds * 1_000;
  const store = new RateLimitStore();
  const limiter = limiterOver(store);
  const carried = new LRUCache<string, number>({ max: MAX_RATE_LIMITED_CALLERS });

  const live = (key: string) => store.runs(key).filter(({ atMs }) => atMs + windowMs > nowMs());
  const stateOf = (key: string): RateState => {
    const runs = live(key);
    const used = runs.reduce((total, run) => total + run.units * unit, carried.get(key) ?? 0);
    const remaining = Math.max(0, Math.floor(budget - used));
    const oldest = runs[0]?.atMs ?? nowMs();
    const resetSeconds = runs.length === 0 ? 0 : Math.max(1, Math.ceil((oldest + windowMs - nowMs()) / 1_000));
    const headers = {
      "ratelimit-policy": `"cost";q=${budget};w=${windowSeconds}`,
      ratelimit: `"cost";r=${remaining};t=${resetSeconds}`,
    };
    return { remaining, resetSeconds, headers };
  };
  /** Seconds until so many units have left the window. */
  const secondsUntilFree = (key: string, wanted: number): number => {
    const runs = live(key);
    let over = runs.reduce((total, run) => total + run.units, 0) + wanted - units;
    for (const run of runs) {
      over -= run.units;
      if (over <= 0) return Math.max(1, Math.ceil((run.atMs + windowMs - nowMs()) / 1_000));
    }
    return windowSeconds;
  };
  return {
    charge: (caller, cost) => {
      const key = keyOf(caller);
      const owed = (carried.get(key) ?? 0) + cost;
      const wanted = Math.floor(owed / unit);
      const config = { max: units, window: `${windowMs}ms`, arrayLengthField: "units", uncountRejected: true };
      const call = { args: { units: { length: wanted } }, context: { callerKey: key } };
      const over = wanted > 0 && limiter("operation", call, config) !== undefined;
      if (!over) carried.set(key, owed - wanted * unit);
      const state = stateOf(key);
      if (!over) return { refusal: null, state };
      const retryAfterSeconds = secondsUntilFree(key, wanted);
      const detail = `The operation costs ${cost} points; ${state.remaining} of ${budget} per ${windowSeconds} s are left.`;
      const extras = { retryAfterSeconds, limit: budget, found: cost, remaining: state.remaining };
      return { refusal: refuse("RATE_LIMITED", detail, extras), state };
    },
  };
};
