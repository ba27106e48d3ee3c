import type { TenantId } from "@tessera/contracts/ids";
import type { Evidence } from "./evidence.ts";
import { holdingsOf, type Holding } from "./holding.ts";

/** Where an event came from and what became of it, as looked up at one time (milliseconds since the epoch). */
export interface EventLineage extends Evidence {
  readonly tenantId: TenantId;
  readonly holdings: readonly Holding[];
  readonly complete: boolean;
  readonly checkedAtMs: number;
}

/** Draws the conclusions from what was found about one event. */
export const lineageOf = (tenantId: TenantId, evidence: Evidence, checkedAtMs: number): EventLineage => {
  const holdings = holdingsOf(evidence);
  const complete = evidence.facts !== null && holdings.every(({ expected, present }) => present || !expected);
  return { ...evidence, tenantId, holdings, complete, checkedAtMs };
};
