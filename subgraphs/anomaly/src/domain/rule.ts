import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { Condition, Evaluation } from "./evaluation.ts";
import type { Metric } from "./metric.ts";

/** What its author says of a rule. */
export interface RuleDefinition {
  readonly name: string;
  readonly description: string | null;
  readonly metric: Metric;
  readonly condition: Condition;
  readonly evaluationIntervalSeconds: number;
  readonly enabled: boolean;
}

/** A rule as it stands. */
export interface Rule extends RuleDefinition {
  readonly tenantId: TenantId;
  readonly id: RuleId;
  readonly version: number;
  readonly nextEvaluationAtMs: number;
  readonly lastEvaluation: Evaluation | null;
  readonly lastFailure: string | null;
  readonly breachedSinceMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly deletedAtMs: number | null;
}

/** One thing wrong with a rule: where in the input, and a sentence. */
export interface RuleProblem {
  readonly field: string;
  readonly message: string;
}

/** What became of a new rule. */
export type CreatedRule =
  | { readonly kind: "SAVED"; readonly rule: Rule }
  | { readonly kind: "NAME_TAKEN"; readonly rule: Rule }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** What became of a change. */
export type ChangedRule =
  | { readonly kind: "SAVED"; readonly rule: Rule }
  | { readonly kind: "NAME_TAKEN"; readonly rule: Rule }
  | { readonly kind: "REJECTED"; readonly problems: readonly RuleProblem[] }
  | { readonly kind: "STALE"; readonly rule: Rule }
  | { readonly kind: "NOT_FOUND" };
