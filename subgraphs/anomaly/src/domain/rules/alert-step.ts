import type { Subject } from "@tessera/contracts/caller";
import type { AnomalyId, RuleId } from "@tessera/contracts/ids";
import type { AlertReason, AlertStateName, Severity, Silence } from "../alerts/alert.ts";

/** A step of an alert as it was put down. */
export interface AlertStep {
  readonly id: string;
  readonly ruleId: RuleId;
  readonly fingerprint: string;
  readonly anomalyId: AnomalyId | null;
  readonly from: AlertStateName;
  readonly to: AlertStateName;
  readonly reason: AlertReason;
  readonly severity: Severity;
  readonly notify: boolean;
  readonly silence: Silence | null;
  readonly escalationStep: number | null;
  readonly atMs: number;
  readonly by: Subject | null;
  readonly note: string | null;
}
