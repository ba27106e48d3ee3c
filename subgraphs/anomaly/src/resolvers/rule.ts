import { alertPolicyDefinitionOf } from "../domain/alerts/alert-policy-definition.ts";
import { metricDefinitionOf } from "../domain/metric.ts";
import { conditionOfDetector } from "../domain/rule.ts";
import type { RuleResolvers } from "../generated/resolvers.ts";
import { ruleOfReference } from "./entities.ts";
import { objectiveOfRule } from "./objectives/objective-views.ts";
import { toDateTime, toDateTimeOrNull, toEvaluation, toRuleQuestion } from "./views.ts";

/** Resolvers of `Rule`. */
export const Rule: RuleResolvers = {
  __resolveReference: ({ id }, context) => ruleOfReference(id, context),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  metric: ({ watch }) => (watch.kind === "METRIC" ? metricDefinitionOf(watch.metric) : null),
  condition: ({ detector }) => conditionOfDetector(detector),
  question: ({ watch }) => (watch.kind === "QUESTION" ? toRuleQuestion(watch) : null),
  objective: (rule, _arguments, context) => objectiveOfRule(rule, context),
  detector: ({ detector: { kind, ...settings } }) => ({ kind, settings }),
  alerting: ({ alerting }) => alertPolicyDefinitionOf(alerting),
  labels: ({ labels }) => Object.entries(labels).map(([name, value]) => ({ name, value })),
  judgedUntil: ({ judgedUntilMs }) => toDateTimeOrNull(judgedUntilMs),
  lastEvaluation: ({ lastEvaluation }) => (lastEvaluation === null ? null : toEvaluation(lastEvaluation)),
  nextEvaluationAt: ({ enabled, deletedAtMs, nextEvaluationAtMs }) =>
    enabled && deletedAtMs === null ? toDateTime(nextEvaluationAtMs) : null,
  breachedSince: ({ breachedSinceMs }) => toDateTimeOrNull(breachedSinceMs),
  openAnomaly: ({ id }, _arguments, { loaders }) => loaders.openAnomalyOfRule.load(id),
  learned: (rule, _arguments, { operations }) => operations.learnedOfRule(rule),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  updatedAt: ({ updatedAtMs }) => toDateTime(updatedAtMs),
  deletedAt: ({ deletedAtMs }) => toDateTimeOrNull(deletedAtMs),
};
