/** How an endpoint has fared: what its breaker goes by. Times are milliseconds since the epoch. */
export interface EndpointHealth {
  /** Attempts that failed since the last that succeeded, of whatever deliveries. */
  readonly failuresInRow: number;
  /** When the first of them failed; null when there is none. */
  readonly failingSinceMs: number | null;
  /** Until when nothing is sent; null: at once. */
  readonly blockedUntilMs: number | null;
}

/** The health of an endpoint nothing was sent to yet, or that has just answered well. */
export const GOOD_HEALTH: EndpointHealth = { failuresInRow: 0, failingSinceMs: null, blockedUntilMs: null };

/**
 * Failures in a row after which nothing more is sent for a while, then one delivery alone until it succeeds. The first wait doubles up to the last with each
 * failure more; deliveries that wait use up no attempts.
 */
export const BREAKER = { failures: 5, firstMs: 30_000, mostMs: 900_000 } as const;
/** Milliseconds of nothing but failures after which an endpoint is disabled: five days, longer than one delivery is tried. */
export const DISABLE_AFTER_MS = 5 * 86_400_000;
/** Failures that it takes besides: as many as one delivery has attempts, so that a clock which jumps disables nobody. */
export const DISABLE_AFTER_FAILURES = 10;

/** The health after a failed attempt; whoever asked to be waited for is sent nothing before, as far as the breaker waits at most. */
export const afterFailure = (health: EndpointHealth, nowMs: number, retryAfterMs: number | null): EndpointHealth => {
  const failuresInRow = health.failuresInRow + 1;
  const over = failuresInRow - BREAKER.failures;
  const breakMs = over < 0 ? 0 : Math.min(BREAKER.firstMs * 2 ** Math.min(over, 10), BREAKER.mostMs);
  const waitMs = Math.max(breakMs, Math.min(retryAfterMs ?? 0, BREAKER.mostMs));
  return {
    failuresInRow,
    failingSinceMs: health.failingSinceMs ?? nowMs,
    blockedUntilMs: waitMs === 0 ? null : nowMs + waitMs,
  };
};
