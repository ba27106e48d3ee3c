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

/** What became of a step that was asked of an anomaly; `anomaly` is as it stands afterwards. */
export type SteppedAnomaly =
  { readonly kind: "SAVED" | "REFUSED"; readonly anomaly: Anomaly } | { readonly kind: "NOT_FOUND" };

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
  | { readonly kind: "RESOLVE"; readonly standing: Standing }
  | { readonly kind: "NOTHING" };

/** What a rule remembers between evaluations. */
export interface Memory {
  /** Since when the metric has been on the wrong side without returning; null when it is normal. */
  readonly breachedSinceMs: number | null;
  /** Where the rule's anomaly stands that is not resolved; null when there is none. */
  readonly open: Standing | null;
}

/** What an evaluation amounts to: what follows, and since when the rule is in breach afterwards. */
export interface Conclusion {
  readonly consequence: Consequence;
  readonly breachedSinceMs: number | null;
}

const NOTHING: Consequence = { kind: "NOTHING" };

const evidenceOf = (evaluation: Evaluation & { readonly outcome: "BREACHED" }, condition: Condition): Evidence => ({
  value: evaluation.value,
  threshold: condition.threshold,
  direction: condition.direction,
  samples: evaluation.samples,
  window: evaluation.window,
});

const afterReturn = (open: Standing | null, atMs: number): Consequence => {
  const step: Step = open === null ? { allowed: false } : resolve(open, { cause: "METRIC_RETURNED", atMs });
  return step.allowed ? { kind: "RESOLVE", standing: step.standing } : NOTHING;
};

/**
 * Decides what an evaluation means for a rule's anomalies: the first sight of a breach raises one, later sights are counted, and the return to
 * normal resolves it; too little data changes nothing. An anomaly that was resolved by hand during a breach is not raised again until the
 * metric has returned.
 */
export const conclude = (
  { breachedSinceMs, open }: Memory,
  evaluation: Evaluation,
  condition: Condition,
): Conclusion => {
  const nowMs = evaluation.window.toMs;
  switch (evaluation.outcome) {
    case "BREACHED": {
      const raised: Consequence =
        breachedSinceMs === null ? { kind: "RAISE", evidence: evidenceOf(evaluation, condition) } : NOTHING;
      const consequence: Consequence = open === null ? raised : { kind: "SEEN_AGAIN", value: evaluation.value };
      return { consequence, breachedSinceMs: breachedSinceMs ?? nowMs };
    }
    case "NORMAL":
      return { consequence: afterReturn(open, nowMs), breachedSinceMs: null };
    case "INSUFFICIENT_DATA":
      return { consequence: NOTHING, breachedSinceMs };
  }
};
