import type { BudgetState } from "./budget.ts";
import type { Quota } from "./quotas.ts";

/** A quota and where it stands. */
export interface QuotaState {
  readonly quota: Pick<Quota, "policy" | "limit" | "windowSeconds" | "unit">;
  readonly state: BudgetState;
}

/** Milliseconds as whole seconds, never earlier. */
export const secondsOf = (milliseconds: number): number => Math.ceil(milliseconds / 1_000);

/** Quoted as a String of RFC 9651; the names of policies are plain words. */
const quoted = (name: string): string => `"${name}"`;

/** Units of quotas: `requests` is the draft's own and its default, points of cost and rows read are ours. */
const UNIT_NAMES = { requests: "requests", cost: "points", rows: "rows" } as const;

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` names each quota (q units per w seconds, qu what they are) and `RateLimit` what is left of it (r)
 * and after how many seconds some of it comes back (t, left out while nothing is spent). Empty when there are no quotas.
 */
export const rateHeadersOf = (quotas: readonly QuotaState[]): Readonly<Record<string, string>> => {
  if (quotas.length === 0) return {};
  const policy = quotas.map(
    ({ quota }) =>
      `${quoted(quota.policy)};q=${quota.limit};w=${quota.windowSeconds};qu=${quoted(UNIT_NAMES[quota.unit])}`,
  );
  const left = quotas.map(({ quota, state }) => {
    const reset = state.resetMs > 0 ? `;t=${secondsOf(state.resetMs)}` : "";
    return `${quoted(quota.policy)};r=${state.remaining}${reset}`;
  });
  return { "ratelimit-policy": policy.join(", "), ratelimit: left.join(", ") };
};
