import type { SigningKey } from "./signing-key-store.ts";

/** Days a key signs before its successor takes over. */
export const SIGNS_FOR_DAYS = 30;
/** Minutes a key is published before it signs: twice as long as verifiers keep a key set. */
export const PUBLISHED_BEFORE_MINUTES = 10;
const DAY_MS = 86_400_000;
const SIGNS_FOR_MS = SIGNS_FOR_DAYS * DAY_MS;
const PUBLISHED_BEFORE_MS = PUBLISHED_BEFORE_MINUTES * 60_000;
/** Milliseconds a key stays published after its last signature: longer than any token lives. */
const PUBLISHED_AFTER_MS = 2 * DAY_MS;

/** When a new key shall be made and from when it signs; null when there is no need. */
export interface KeyPlan {
  readonly signsFromMs: number;
  readonly publishedUntilMs: number;
}

/** Plans the next key: at once when none signs, else shortly before the newest one's time to sign is over. */
export const planNextKey = (present: readonly SigningKey[], nowMs: number): KeyPlan | null => {
  const newest = present.reduce((latest, { signsFromMs }) => Math.max(latest, signsFromMs), Number.NEGATIVE_INFINITY);
  const endsMs = newest + SIGNS_FOR_MS;
  if (nowMs < endsMs - PUBLISHED_BEFORE_MS) return null;
  const signsFromMs = newest === Number.NEGATIVE_INFINITY ? nowMs : nowMs + PUBLISHED_BEFORE_MS;
  return { signsFromMs, publishedUntilMs: signsFromMs + SIGNS_FOR_MS + PUBLISHED_BEFORE_MS + PUBLISHED_AFTER_MS };
};

/** Keys in the order a signer takes them: the newest that signs already first; those that will sign later last. */
export const signingOrder = (present: readonly SigningKey[], nowMs: number): readonly SigningKey[] => {
  const signs = present.filter(({ signsFromMs }) => signsFromMs <= nowMs);
  const waits = present.filter(({ signsFromMs }) => signsFromMs > nowMs);
  return [...signs.toSorted((a, b) => b.signsFromMs - a.signsFromMs || (a.kid < b.kid ? -1 : 1)), ...waits];
};
