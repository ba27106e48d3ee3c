import { Store } from "@envelop/rate-limiter";
import { LRUCache } from "lru-cache";

type Identity = Parameters<Store["getForIdentity"]>[0];

/** Callers remembered; the one seen longest ago is forgotten first, which gives it a fresh budget. */
export const MAX_RATE_LIMITED_CALLERS = 10_000;

interface Run {
  readonly atMs: number;
  readonly units: number;
}

const runsOf = (timestamps: readonly number[]): readonly Run[] => {
  const runs: { atMs: number; units: number }[] = [];
  for (const atMs of timestamps) {
    const last = runs.at(-1);
    if (last?.atMs === atMs) last.units += 1;
    else runs.push({ atMs, units: 1 });
  }
  return runs;
};

/**
 * The limiter's store in this process. The limiter reads, decides and writes without awaiting in between when its store answers
 * synchronously, as this one does: no other request can come between, so a budget is never overdrawn. Kept as runs, not one number per unit.
 */
export class RateLimitStore extends Store {
  readonly #runs = new LRUCache<string, readonly Run[]>({ max: MAX_RATE_LIMITED_CALLERS });

  override getForIdentity({ contextIdentity }: Identity): readonly number[] {
    return this.runs(contextIdentity).flatMap(({ atMs, units }) => Array.from({ length: units }, () => atMs));
  }

  override setForIdentity({ contextIdentity }: Identity, timestamps: readonly number[]): void {
    this.#runs.set(contextIdentity, runsOf(timestamps));
  }

  /** What a caller was charged, oldest first; entries may have left the window since. */
  runs(caller: string): readonly Run[] {
    return this.#runs.get(caller) ?? [];
  }
}
