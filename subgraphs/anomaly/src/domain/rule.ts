import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { AlertPolicy } from "./alerts/alert-policy.ts";
import type { RuleProblem } from "./checked.ts";
import type { DetectorDefinition, StaticDefinition } from "./detectors/detector-definition.ts";
import type { Condition, Evaluation } from "./evaluation.ts";
import type { Watch } from "./rules/watch.ts";

/** What its author says of a rule. */
export interface RuleDefinition {
  readonly name: string;
  readonly description: string | null;
  readonly watch: Watch;
  readonly detector: DetectorDefinition;
  readonly alerting: AlertPolicy;
  /** What routing goes by. */
  readonly labels: Readonly<Record<string, string>>;
  readonly evaluationIntervalSeconds: number;
  readonly enabled: boolean;
  /** Whether it is looked at as soon as events are stored, too. */
  readonly live: boolean;
}

/** As whom a rule's question is asked, and what they were permitted when they last changed the rule. */
export interface RuleAuthor {
  /** Kind and id, such as USER:…; null of rules that ask nothing of the analytics room. */
  readonly author: string | null;
  readonly authorPermissions: readonly string[];
}

/** A rule as it stands. */
export interface Rule extends RuleDefinition, RuleAuthor {
  readonly tenantId: TenantId;
  readonly id: RuleId;
  readonly version: number;
  readonly nextEvaluationAtMs: number;
  readonly lastEvaluation: Evaluation | null;
  readonly lastFailure: string | null;
  readonly failureCode: string | null;
  readonly breachedSinceMs: number | null;
  /** End of the last bucket that was judged; null before the first. */
  readonly judgedUntilMs: number | null;
  /** Buckets that end no later are learnt and count for nothing else. */
  readonly warmUntilMs: number | null;
  /** Series the last answer had, kept or not. */
  readonly seriesSeen: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly deletedAtMs: number | null;
}

/** What became of a new rule. */
export type CreatedRule =
  | { readonly kind: "SAVED"; readonly rule: Rule }
  | { readonly kind: "NAME_TAKEN"; readonly rule: Rule }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** What a store says where as many other rules of the tenant are live as may be. */
export interface TooManyLive {
  readonly kind: "TOO_MANY_LIVE";
  readonly limit: number;
}

/** What became of a change. */
export type ChangedRule =
  | { readonly kind: "SAVED"; readonly rule: Rule }
  | { readonly kind: "NAME_TAKEN"; readonly rule: Rule }
  | { readonly kind: "REJECTED"; readonly problems: readonly RuleProblem[] }
  | { readonly kind: "STALE"; readonly rule: Rule }
  | { readonly kind: "NOT_FOUND" };

/** A condition as the detector it is a short form of. */
export const detectorOfCondition = ({ direction, threshold, minimumSamples }: Condition): StaticDefinition => {
  const same = { kind: "STATIC", minimumSamples, calendar: "AS_USUAL" } as const;
  return direction === "ABOVE"
    ? { ...same, side: "ABOVE", high: threshold }
    : { ...same, side: "BELOW", low: threshold };
};

/** The condition a detector is the long form of; null when it says more. */
export const conditionOfDetector = (detector: DetectorDefinition): Condition | null => {
  if (detector.kind !== "STATIC" || detector.side === "OUTSIDE") return null;
  const { minimumSamples } = detector;
  return detector.side === "ABOVE"
    ? { direction: "ABOVE", threshold: detector.high, minimumSamples }
    : { direction: "BELOW", threshold: detector.low, minimumSamples };
};
