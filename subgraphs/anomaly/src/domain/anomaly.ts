import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { Subject } from "@tessera/contracts/caller";
import type { AlertReason, Severity } from "./alerts/alert.ts";
import type { Weighed } from "./detectors/detector.ts";
import type { Direction, Window } from "./evaluation.ts";
import type { Impact } from "./explain/impact.ts";
import type { SeriesGroup } from "./rules/series.ts";

/** What a detector saw when an anomaly began; of missing data there is no value. */
export interface Evidence {
  readonly value: number | null;
  readonly samples: number | null;
  /** How far beyond its threshold the detector was; 1 is the threshold. */
  readonly score: number;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly side: Direction | null;
  readonly because: string;
  readonly weighed: readonly Weighed[];
  /** How many people or how much revenue the bucket concerned; null where that was not known. */
  readonly impact: Impact | null;
  readonly window: Window;
}

/** That somebody looks at an anomaly. */
export interface Acknowledgement {
  readonly atMs: number;
  readonly by: Subject;
  readonly note: string | null;
}

/** Why an anomaly ended. */
export const RESOLUTION_CAUSES = [
  "CALLER",
  "METRIC_RETURNED",
  "NO_DATA",
  "SERIES_GONE",
  "AUTO_RESOLVED",
  "RULE_CHANGED",
  "RULE_DELETED",
] as const;
/** One of {@link RESOLUTION_CAUSES}. */
export type ResolutionCause = (typeof RESOLUTION_CAUSES)[number];

/** How an anomaly ended. */
export interface Resolution {
  readonly cause: ResolutionCause;
  readonly atMs: number;
  /** Who ended it; null where a bucket did. */
  readonly by: Subject | null;
  readonly note: string | null;
}

/** Where an anomaly may stand: an episode of a series from its firing to its end. */
export const ANOMALY_STATES = ["FIRING", "ACKNOWLEDGED", "RESOLVING", "RESOLVED"] as const;
/** One of {@link ANOMALY_STATES}. */
export type AnomalyState = (typeof ANOMALY_STATES)[number];

/** One episode of a series. */
export interface Anomaly {
  readonly tenantId: TenantId;
  readonly id: AnomalyId;
  readonly ruleId: RuleId;
  readonly fingerprint: string;
  readonly group: SeriesGroup;
  readonly severity: Severity;
  readonly state: AnomalyState;
  readonly evidence: Evidence;
  readonly raisedAtMs: number;
  readonly lastSeenAtMs: number;
  readonly lastValue: number | null;
  readonly timesSeen: number;
  readonly acknowledgement: Acknowledgement | null;
  readonly resolution: Resolution | null;
}

/** What became of a step that was asked of an anomaly; `anomaly` is as it stands afterwards. */
export type SteppedAnomaly =
  { readonly kind: "SAVED" | "REFUSED"; readonly anomaly: Anomaly } | { readonly kind: "NOT_FOUND" };

/** Why an anomaly ended, by the reason of the alert's step. */
export const causeOf = (reason: AlertReason): ResolutionCause => {
  switch (reason) {
    case "RESOLVED_BY_CALLER":
      return "CALLER";
    case "RULE_CHANGED":
    case "RULE_DELETED":
    case "SERIES_GONE":
    case "AUTO_RESOLVED":
      return reason;
    case "NO_DATA":
    case "NO_DATA_LONG_ENOUGH":
      return "NO_DATA";
    default:
      return "METRIC_RETURNED";
  }
};
