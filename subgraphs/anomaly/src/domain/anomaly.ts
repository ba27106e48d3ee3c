import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { Subject } from "@tessera/contracts/caller";
import type { Condition, Direction, Evaluation, Window } from "./evaluation.ts";

/** What a rule saw when it raised an anomaly. */
export interface Evidence {
  readonly value: number;
  readonly threshold: number;
  readonly direction: Direction;
  readonly samples: number;
  readonly window: Window;
}

/** That somebody looks at an anomaly. */
export interface Acknowledgement {
  readonly atMs: number;
  readonly by: Subject;
  readonly note: string | null;
}

/** How an anomaly ended. */
export type Resolution =
  | { readonly cause: "METRIC_RETURNED"; readonly atMs: number }
  | {
      readonly cause: "CALLER" | "RULE_DELETED";
      readonly atMs: number;
      readonly by: Subject;
      readonly note: string | null;
    };

/** Where an anomaly stands, with what belongs to each state. */
export type Standing =
  | { readonly state: "OPEN" }
  | { readonly state: "ACKNOWLEDGED"; readonly acknowledgement: Acknowledgement }
  | {
      readonly state: "RESOLVED";
      readonly acknowledgement: Acknowledgement | null;
      readonly resolution: Resolution;
    };

/** Name of a state. */
export type AnomalyState = Standing["state"];

/** One breach of a rule's threshold. */
export interface Anomaly {
  readonly tenantId: TenantId;
  readonly id: AnomalyId;
  readonly ruleId: RuleId;
  readonly evidence: Evidence;
  readonly raisedAtMs: number;
  readonly lastSeenAtMs: number;
  readonly lastValue: number;
  readonly timesSeen: number;
  readonly standing: Standing;
}

/** A step that was asked of an anomaly: the standing it leads to, or that it does not lead on from here. */
export type Step = { readonly allowed: true; readonly standing: Standing } | { readonly allowed: false };

/** The acknowledgement of a standing, if any. */
export const acknowledgementOf = (standing: Standing): Acknowledgement | null =>
  standing.state === "OPEN" ? null : standing.acknowledgement;

/** The resolution of a standing, if any. */
export const resolutionOf = (standing: Standing): Resolution | null =>
  standing.state === "RESOLVED" ? standing.resolution : null;

/** OPEN -> ACKNOWLEDGED; allowed from OPEN alone. */
export const acknowledge = (standing: Standing, acknowledgement: Acknowledgement): Step => {
  switch (standing.state) {
    case "OPEN":
      return { allowed: true, standing: { state: "ACKNOWLEDGED", acknowledgement } };
    case "ACKNOWLEDGED":
    case "RESOLVED":
      return { allowed: false };
  }
};

/** OPEN or ACKNOWLEDGED -> RESOLVED; RESOLVED is final. */
export const resolve = (standing: Standing, resolution: Resolution): Step => {
  switch (standing.state) {
    case "OPEN":
    case "ACKNOWLEDGED":
      return {
        allowed: true,
        standing: { state: "RESOLVED", acknowledgement: acknowledgementOf(standing), resolution },
      };
    case "RESOLVED":
      return { allowed: false };
  }
};

/** What follows for a rule's anomalies from an evaluation. */
export type Consequence =
  | { readonly kind: "RAISE"; readonly evidence: Evidence }
  | { readonly kind: "SEEN_AGAIN"; readonly value: number }
  | { readonly kind: "RESOLVE"; readonly resolution: Resolution }
  | { readonly kind: "NOTHING" };

/** What a rule remembers between evaluations. */
export interface Memory {
  /** Since when the metric has been on the wrong side without returning; null when it is normal. */
  readonly breachedSinceMs: number | null;
  /** Whether the rule has an anomaly that is not resolved. */
  readonly hasOpenAnomaly: boolean;
}

const evidenceOf = (evaluation: Evaluation & { readonly outcome: "BREACHED" }, condition: Condition): Evidence => ({
  value: evaluation.value,
  threshold: condition.threshold,
  direction: condition.direction,
  samples: evaluation.samples,
  window: evaluation.window,
});

/**
 * Decides what an evaluation means for a rule's anomalies: the first sight of a breach raises one, later sights are counted, and the return to
 * normal resolves it. An anomaly that was resolved by hand during a breach is not raised again until the metric has returned.
 */
export const consequenceOf = (memory: Memory, evaluation: Evaluation, condition: Condition): Consequence => {
  switch (evaluation.outcome) {
    case "BREACHED":
      if (memory.hasOpenAnomaly) return { kind: "SEEN_AGAIN", value: evaluation.value };
      return memory.breachedSinceMs === null
        ? { kind: "RAISE", evidence: evidenceOf(evaluation, condition) }
        : { kind: "NOTHING" };
    case "NORMAL":
      return memory.hasOpenAnomaly
        ? { kind: "RESOLVE", resolution: { cause: "METRIC_RETURNED", atMs: evaluation.window.toMs } }
        : { kind: "NOTHING" };
    case "INSUFFICIENT_DATA":
      return { kind: "NOTHING" };
  }
};

/** Since when the rule is in breach after an evaluation; too little data neither begins nor ends a breach. */
export const breachedSinceAfter = (breachedSinceMs: number | null, evaluation: Evaluation): number | null => {
  switch (evaluation.outcome) {
    case "BREACHED":
      return breachedSinceMs ?? evaluation.window.toMs;
    case "NORMAL":
      return null;
    case "INSUFFICIENT_DATA":
      return breachedSinceMs;
  }
};
