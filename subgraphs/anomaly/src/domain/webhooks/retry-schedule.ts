/**
 * Seconds between one failed attempt and the next: the schedule of Standard Webhooks 1.0.0, from five seconds to a day, 75 hours 35 minutes in all.
 */
export const RETRY_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Each wait is longer or shorter by up to this part of it, so that what failed together is not tried again together. */
export const RETRY_JITTER = 0.1;
/** Attempts of a delivery: the first, and one after each wait. */
export const MAX_ATTEMPTS = RETRY_SECONDS.length + 1;
/** What a receiver may ask to be waited for at most, in milliseconds: the longest wait of the schedule. */
export const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * Milliseconds from a failed attempt to the next, with `random` in [0, 1); null when there is none. What the receiver asks to be waited for (Retry-After)
 * is waited for, up to {@link MAX_RETRY_AFTER_MS}.
 */
export const nextAttemptMs = (tried: {
  /** Attempts so far, from 1. */
  readonly attempts: number;
  readonly retryAfterMs: number | null;
  readonly random: number;
}): number | null => {
  const seconds = RETRY_SECONDS[tried.attempts - 1];
  if (seconds === undefined) return null;
  const waitMs = Math.round(seconds * 1_000 * (1 - RETRY_JITTER + 2 * RETRY_JITTER * tried.random));
  return Math.max(waitMs, Math.min(tried.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
};
