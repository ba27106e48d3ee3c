import type { NowMs } from "@tessera/platform/time/clock";

/** Longest delay a timer of the platform can hold; credentials that live longer are looked at again then. */
const MAX_TIMER_MS = 2_147_483_647;

/** Calls back when a credential has ended by the clock; answers what cancels that. Null never ends. */
export const whenExpired = (expiresAtMs: number | null, nowMs: NowMs, expired: () => void): (() => void) => {
  if (expiresAtMs === null) return () => undefined;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const leftMs = expiresAtMs - nowMs();
    if (leftMs <= 0) return expired();
    timer = setTimeout(arm, Math.min(leftMs, MAX_TIMER_MS));
    timer.unref();
  };
  timer = setTimeout(arm, 0);
  return () => clearTimeout(timer);
};
