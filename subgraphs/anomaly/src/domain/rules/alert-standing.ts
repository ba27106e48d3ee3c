import type { AnomalyId } from "@tessera/contracts/ids";
import type { AlertStateName, Severity } from "../alerts/alert.ts";
import type { SeriesGroup } from "./series.ts";

/** Where the alert of one series stands. */
export interface AlertStanding {
  readonly fingerprint: string;
  readonly group: SeriesGroup;
  readonly state: AlertStateName;
  readonly severity: Severity;
  readonly sinceMs: number;
  /** The anomaly of its last episode. */
  readonly anomalyId: AnomalyId | null;
}
