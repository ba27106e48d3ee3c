import { LRUCache } from "lru-cache";
import { Refusal, refuse } from "../errors/refusal.ts";
import type { ClientAddress } from "../http/client-address.ts";
import type { BudgetStore } from "../limits/budget.ts";
import { createMemoryBudgetStore } from "../limits/memory-budget-store.ts";
import { secondsOf } from "../limits/rate-headers.ts";
import type { NowMs } from "../time/clock.ts";
import type { Authenticator } from "./authenticator.ts";
import { createGoodCredentials, presentedFrom } from "./good-credentials.ts";

/** Wrong credentials one address may present per minute: people mistype a few, a program that guesses needs millions. */
export const DEFAULT_FAILURES_PER_MINUTE = 100;
const WINDOW_SECONDS = 60;
/** Name of the quota in refusals. */
const POLICY = "authentication-failures";
/** Addresses that are refused at one time. */
const MAX_REFUSED_ADDRESSES = 50_000;
/** What a limited authenticator is made of. */
export interface LimitedAuthenticatorDeps {
  readonly authenticate: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly nowMs: NowMs;
  /** Wrong credentials per address and minute; 0: no limit. */
  readonly failuresPerMinute: number;
  /** Where they are counted; in this process by default. */
  readonly budgets?: BudgetStore | undefined;
}

/**
 * An authenticator that stops to tell an address whether credentials are right when it presented too many wrong ones: 429 with Retry-After, and the
 * credential is not looked at. Those that were good from anywhere in the last ten minutes are, so that who guesses behind a shared address does not shut
 * out the others there. A request without any credential is no guess.
 */
export const createLimitedAuthenticator = (deps: LimitedAuthenticatorDeps): Authenticator => {
  const { authenticate, clientAddress, nowMs, failuresPerMinute: limit } = deps;
  if (limit === 0) return authenticate;
  const budgets = deps.budgets ?? createMemoryBudgetStore(nowMs);
  const refusedUntil = new LRUCache<string, number>({ max: MAX_REFUSED_ADDRESSES });
  const good = createGoodCredentials(nowMs);
  const tooMany = (untilMs: number, cause?: unknown): Refusal => {
    const retryAfterSeconds = Math.max(1, secondsOf(untilMs - nowMs()));
    const detail = `Too many wrong credentials came from this address; ${limit} per ${WINDOW_SECONDS} s are looked at.`;
    return refuse(
      "RATE_LIMITED",
      detail,
      { quota: POLICY, limit, windowSeconds: WINDOW_SECONDS, retryAfterSeconds },
      cause,
    );
  };
  const count = async (address: string, error: Refusal): Promise<Refusal> => {
    const charge = { key: `FAILURES:${address}`, limit, windowSeconds: WINDOW_SECONDS, amount: 1 };
    const { charged, states } = await budgets.charge([charge]);
    if (charged) return error;
    const untilMs = nowMs() + (states[0]?.fitsInMs ?? 1_000);
    refusedUntil.set(address, untilMs);
    return tooMany(untilMs, error);
  };
  return async (header, presented) => {
    const address = presentedFrom(presented, clientAddress);
    if (address === null || header === undefined) return authenticate(header, presented);
    const untilMs = refusedUntil.get(address) ?? 0;
    if (untilMs > nowMs() && !good.has(header)) throw tooMany(untilMs);
    try {
      const caller = await authenticate(header, presented);
      good.note(header);
      return caller;
    } catch (error) {
      if (error instanceof Refusal && error.code === "UNAUTHENTICATED") throw await count(address, error);
      throw error;
    }
  };
};
