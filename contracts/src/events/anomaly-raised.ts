import type { AnomalyId, RuleId, TenantId } from "../ids.ts";

/** Topic on which {@link AnomalyRaised} is told. */
export const ANOMALY_RAISED = "anomaly.raised";

/** Told once for each anomaly a rule raises. */
export interface AnomalyRaised {
  readonly tenantId: TenantId;
  readonly anomalyId: AnomalyId;
  readonly ruleId: RuleId;
  readonly raisedAtMs: number;
}
