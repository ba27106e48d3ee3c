import { LRUCache } from "lru-cache";
import type { Subject } from "@tessera/contracts/caller";
import type { EffectiveLimits, ReadEffectiveLimits } from "@tessera/contracts/limits";
import type { TenantId } from "@tessera/contracts/ids";
import type { NowMs } from "../time/clock.ts";

/** Milliseconds an answer about limits is used: the longest a changed limit takes to hold everywhere. */
export const LIMITS_KEPT_FOR_MS = 5_000;
/** Answers kept per process, about 4 KB each. */
export const MAX_KEPT_LIMITS = 5_000;

interface Kept {
  readonly limits: EffectiveLimits | null;
  readonly readAtMs: number;
}

/**
 * Keeps answers about limits for {@link LIMITS_KEPT_FOR_MS}, counted from the question; those who ask at the same time wait for one answer. A question
 * that failed is not kept and its error is passed on: the caller decides whether work goes on without an answer.
 */
export const createKeptLimits = (deps: {
  readonly read: ReadEffectiveLimits;
  readonly nowMs: NowMs;
}): ReadEffectiveLimits => {
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT_LIMITS });
  const running = new Map<string, { readonly askedAtMs: number; readonly answer: Promise<EffectiveLimits | null> }>();
  const ask = async (key: string, tenantId: TenantId, subject: Subject): Promise<EffectiveLimits | null> => {
    const readAtMs = deps.nowMs();
    const limits = await deps.read(tenantId, subject);
    kept.set(key, { limits, readAtMs });
    return limits;
  };
  return (tenantId, subject) => {
    const key = `${tenantId}:${subject.kind}:${subject.id}`;
    const known = kept.get(key);
    if (known !== undefined && deps.nowMs() - known.readAtMs < LIMITS_KEPT_FOR_MS) return Promise.resolve(known.limits);
    const asked = running.get(key);
    if (asked !== undefined && deps.nowMs() - asked.askedAtMs < LIMITS_KEPT_FOR_MS) return asked.answer;
    const askedAtMs = deps.nowMs();
    const answer = ask(key, tenantId, subject).finally(() => {
      if (running.get(key)?.answer === answer) running.delete(key);
    });
    running.set(key, { askedAtMs, answer });
    return answer;
  };
};
