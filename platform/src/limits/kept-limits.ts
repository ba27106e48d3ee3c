import type { EffectiveLimits, ReadEffectiveLimits } from "@tessera/contracts/limits";
import { createKeptLookups } from "../runtime/kept-for-a-while.ts";
import type { NowMs } from "../time/clock.ts";

/** Milliseconds an answer about limits is used: the longest a changed limit takes to hold everywhere. */
export const LIMITS_KEPT_FOR_MS = 5_000;
/** Answers kept per process, about 4 KB each. */
export const MAX_KEPT_LIMITS = 5_000;

/**
 * Keeps answers about limits for {@link LIMITS_KEPT_FOR_MS}, counted from the question; those who ask at the same time wait for one answer. A question
 * that failed is not kept and its error is passed on: the caller decides whether work goes on without an answer.
 */
export const createKeptLimits = ({
  read,
  nowMs,
}: {
  readonly read: ReadEffectiveLimits;
  readonly nowMs: NowMs;
}): ReadEffectiveLimits => {
  const kept = createKeptLookups<string, EffectiveLimits | null>({
    ms: LIMITS_KEPT_FOR_MS,
    most: MAX_KEPT_LIMITS,
    nowMs,
  });
  return (tenantId, subject) => kept.of(`${tenantId}:${subject.kind}:${subject.id}`, () => read(tenantId, subject));
};
