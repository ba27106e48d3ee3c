import type { Condition } from "./evaluation.ts";
import { metricDefinitionOf } from "./metric.ts";
import { checkRuleDefinition } from "./rule-definition.ts";
import type { Rule, RuleDefinition, RuleProblem } from "./rule.ts";

/** What a caller wants changed; what is absent or null stays, but a null description is removed. */
export interface RuleChangeInput {
  readonly expectedVersion?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly metric?: object | null | undefined;
  readonly condition?: object | null | undefined;
  readonly evaluationIntervalSeconds?: number | null | undefined;
  readonly enabled?: boolean | null | undefined;
}

/** What a change amounts to; `restart` says that what the rule remembers is about something else now. */
export type RuleChange =
  | { readonly kind: "SAVE"; readonly definition: RuleDefinition; readonly restart: boolean }
  | { readonly kind: "REJECT"; readonly problems: readonly RuleProblem[] }
  | { readonly kind: "STALE" };

const sameCondition = (a: Condition, b: Condition): boolean =>
  a.direction === b.direction && a.threshold === b.threshold && a.minimumSamples === b.minimumSamples;

const means = (rule: RuleDefinition): string => JSON.stringify(metricDefinitionOf(rule.metric));

/** Decides a change of a rule: stale when the caller read another version, rejected when the result makes no sense. */
export const changeRule = (rule: Rule, input: RuleChangeInput): RuleChange => {
  if (typeof input.expectedVersion === "number" && input.expectedVersion !== rule.version) return { kind: "STALE" };
  const checked = checkRuleDefinition({
    name: input.name ?? rule.name,
    description: input.description === undefined ? rule.description : input.description,
    metric: input.metric ?? metricDefinitionOf(rule.metric),
    condition: input.condition ?? rule.condition,
    evaluationIntervalSeconds: input.evaluationIntervalSeconds ?? rule.evaluationIntervalSeconds,
    enabled: input.enabled ?? rule.enabled,
  });
  if (!checked.valid) return { kind: "REJECT", problems: checked.problems };
  const restart = means(checked.value) !== means(rule) || !sameCondition(checked.value.condition, rule.condition);
  return { kind: "SAVE", definition: checked.value, restart };
};
