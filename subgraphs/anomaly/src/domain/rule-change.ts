import { canonicalJson, type JsonValue } from "@tessera/platform/integrity/canonical-json";
import { alertPolicyDefinitionOf } from "./alerts/alert-policy-definition.ts";
import type { RuleProblem } from "./checked.ts";
import { metricDefinitionOf } from "./metric.ts";
import { checkRuleDefinition, type WatchParts } from "./rule-definition.ts";
import type { Rule, RuleDefinition } from "./rule.ts";
import { watchDefinitionOf } from "./rules/watch.ts";

/** What a caller wants changed; what is absent or null stays, but a null description is removed. */
export interface RuleChangeInput {
  readonly expectedVersion?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly metric?: object | null | undefined;
  readonly condition?: object | null | undefined;
  readonly question?: object | null | undefined;
  readonly detector?: object | null | undefined;
  readonly alerting?: object | null | undefined;
  readonly labels?: readonly object[] | null | undefined;
  readonly evaluationIntervalSeconds?: number | null | undefined;
  readonly enabled?: boolean | null | undefined;
  readonly live?: boolean | null | undefined;
}

/** What a change amounts to; `restart` says that what the rule remembers is about something else now. */
export type RuleChange =
  | { readonly kind: "SAVE"; readonly definition: RuleDefinition; readonly restart: boolean }
  | { readonly kind: "REJECT"; readonly problems: readonly RuleProblem[] }
  | { readonly kind: "STALE" };

const given = (value: unknown): boolean => value !== null && value !== undefined;

/** What is watched and by what, with what is changed of it in place of what is there. */
const partsOf = ({ watch, detector, alerting }: RuleDefinition, input: RuleChangeInput): WatchParts => {
  const watched = given(input.metric) || given(input.question);
  const judged = given(input.condition) || given(input.detector);
  return {
    metric: watched ? input.metric : watch.kind === "METRIC" ? metricDefinitionOf(watch.metric) : null,
    question: watched ? input.question : watch.kind === "QUESTION" ? watchDefinitionOf(watch) : null,
    condition: judged ? input.condition : null,
    detector: judged ? input.detector : detector,
    alerting: input.alerting ?? alertPolicyDefinitionOf(alerting),
  };
};

/** What a rule watches and by what, as text: two that are equal mean the same, however their parts are ordered. The calendar is none of it: what is learnt of a label stands apart. */
export const meaningOf = ({ watch, detector }: Pick<RuleDefinition, "watch" | "detector">): string => {
  const meant = [{ ...watchDefinitionOf(watch), calendar: null }, detector];
  // boundary: definitions are plain JSON, as they are kept.
  return canonicalJson(JSON.parse(JSON.stringify(meant)) as JsonValue);
};

/** Decides a change of a rule: stale when the caller read another version, rejected when the result makes no sense. */
export const changeRule = (rule: Rule, input: RuleChangeInput): RuleChange => {
  if (typeof input.expectedVersion === "number" && input.expectedVersion !== rule.version) return { kind: "STALE" };
  const checked = checkRuleDefinition({
    ...partsOf(rule, input),
    name: input.name ?? rule.name,
    description: input.description === undefined ? rule.description : input.description,
    labels: input.labels ?? Object.entries(rule.labels).map(([name, value]) => ({ name, value })),
    evaluationIntervalSeconds: input.evaluationIntervalSeconds ?? rule.evaluationIntervalSeconds,
    enabled: input.enabled ?? rule.enabled,
    live: input.live ?? rule.live,
  });
  if (!checked.valid) return { kind: "REJECT", problems: checked.problems };
  return { kind: "SAVE", definition: checked.value, restart: meaningOf(checked.value) !== meaningOf(rule) };
};
