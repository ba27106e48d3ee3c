import type { Subject } from "@tessera/contracts/caller";
import type { EffectiveLimits } from "@tessera/contracts/limits";
import type { TenantId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import { effectiveLimits, type SetLimit } from "../domain/limits.ts";
import { featuresOf } from "@tessera/contracts/features";
import type { Throttle } from "../domain/abuse/throttle.ts";
import type { LimitStore } from "../store/limit-store.ts";
import type { SecurityStore } from "../store/security-store.ts";

/** Everything about a tenant's limits: what holds for the tenant as a whole, and every limit that was set. */
export interface TenantLimits extends EffectiveLimits {
  readonly set: readonly SetLimit[];
  /** What the subject is held back by for abuse; null: nothing, or no subject was named. */
  readonly throttle: Throttle | null;
}

/** Builds the reading of what holds for one subject (null: for the tenant as a whole); null when there is no such tenant. */
export const createReadLimits =
  (deps: { readonly limits: LimitStore; readonly security: Pick<SecurityStore, "activeFor">; readonly nowMs: NowMs }) =>
  async (tenantId: TenantId, subject: Subject | null): Promise<TenantLimits | null> => {
    const nowMs = deps.nowMs();
    const facts = await deps.limits.facts(tenantId, subject, nowMs);
    if (facts === null) return null;
    const isWatched = subject !== null && subject.kind !== "SERVICE";
    return {
      tenantId,
      tier: facts.tier,
      features: featuresOf(facts.tier),
      limits: effectiveLimits(facts, subject, nowMs),
      set: facts.limits,
      throttle: isWatched ? await deps.security.activeFor(tenantId, subject, nowMs) : null,
    };
  };
