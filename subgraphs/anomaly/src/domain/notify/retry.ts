import type { HandedMessage } from "./handed-message.ts";

/** What becomes of a message that was sent, by what the receiver answered. */
export type SendOutcome =
  | { readonly kind: "SENT"; readonly code: number | null; readonly said: string; readonly reference?: string }
  /** It may go well another time; `taken` are recipients of it who have it already. */
  | {
      readonly kind: "TRY_AGAIN";
      readonly code: number | null;
      readonly said: string;
      readonly retryAfterMs: number | null;
      readonly taken?: readonly string[];
    }
  /** It is a message of an endpoint of webhooks as soon as its delivery is settled. */
  | { readonly kind: "HANDED_OVER"; readonly code: null; readonly said: string; readonly handed: HandedMessage }
  /** It never will; `disables` when nothing else will be taken either until somebody changes the channel; `keeps` when the message waits for that, too. */
  | {
      readonly kind: "REFUSED";
      readonly code: number | null;
      readonly said: string;
      readonly disables: boolean;
      readonly keeps?: true;
    };

/**
 * How a delivery is tried again: after `firstMs`, doubling up to `mostMs`, each wait shortened by up to half at random, until `attempts` or `endMs` are over; time ends
 * nothing before it was tried `fewest` times, since a clock may jump, unless the receiver asks to be waited for longer than we would.
 */
export const RETRIES = {
  firstMs: 5_000,
  mostMs: 1_800_000,
  attempts: 20,
  fewest: 10,
  /** Since it was first tried: an alert that old is told by its next transition. */
  endMs: 6 * 3_600_000,
} as const;

/** Characters kept of what a receiver said. */
export const MAX_SAID = 500;

/** Milliseconds until the next try, with `random` in [0, 1); null when there is none. What the receiver asks to be waited for is waited for. */
export const nextTryMs = (tried: {
  /** Tries so far. */
  readonly attempts: number;
  /** Milliseconds since the first. */
  readonly sinceMs: number;
  readonly retryAfterMs: number | null;
  readonly random: number;
}): number | null => {
  const { attempts, sinceMs, retryAfterMs, random } = tried;
  const backoffMs = Math.min(RETRIES.mostMs, RETRIES.firstMs * 2 ** Math.min(attempts - 1, 30));
  const waitMs = Math.max(Math.round(backoffMs * (1 - random / 2)), retryAfterMs ?? 0);
  const isTried = attempts >= RETRIES.fewest || (retryAfterMs ?? 0) > RETRIES.mostMs;
  return attempts >= RETRIES.attempts || (isTried && sinceMs + waitMs > RETRIES.endMs) ? null : waitMs;
};
