import type { ActiveThrottle } from "@tessera/contracts/abuse";
import type { Caller } from "@tessera/contracts/caller";
import { THROTTLE_POLICY, throttleRefusal } from "@tessera/platform/abuse/throttle-refusal";
import type { Refusal } from "@tessera/platform/errors/refusal";
import type { Quota } from "@tessera/platform/limits/quotas";

/** The quotas of a caller, and of one who is held back one more: a part of the smallest bound of cost that holds for it. */
export const withThrottle = (
  quotas: readonly Quota[],
  throttle: ActiveThrottle | null,
  { tenantId, subject }: Pick<Caller, "tenantId" | "subject">,
): readonly Quota[] => {
  const costs = quotas.filter(({ unit }) => unit === "cost");
  const [first, ...others] = costs;
  if (throttle === null || first === undefined) return quotas;
  const perSecond = ({ limit, windowSeconds }: Quota): number => limit / windowSeconds;
  const least = others.reduce((found, quota) => (perSecond(quota) < perSecond(found) ? quota : found), first);
  const limit = Math.max(1, Math.floor((least.limit * throttle.percent) / 100));
  const key = `THROTTLE:${tenantId}:${subject.kind}:${subject.id}`;
  return [...quotas, { policy: THROTTLE_POLICY, key, unit: "cost", limit, windowSeconds: least.windowSeconds }];
};

/** The verdict, which says why and until when where the throttle's own quota was the one that had too little left. */
export const sayingWhy = <Verdict extends { readonly refusal: Refusal | null }>(
  verdict: Verdict,
  throttle: ActiveThrottle | null,
  nowMs: number,
): Verdict => {
  const { refusal } = verdict;
  if (throttle === null || refusal === null || refusal.extras["quota"] !== THROTTLE_POLICY) return verdict;
  return { ...verdict, refusal: throttleRefusal(throttle, nowMs, refusal.extras) };
};
