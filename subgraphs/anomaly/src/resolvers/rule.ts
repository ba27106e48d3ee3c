import { metricDefinitionOf } from "../domain/metric.ts";
import type { RuleResolvers } from "../generated/resolvers.ts";
import { ruleOfReference } from "./entities.ts";
import { toDateTime, toDateTimeOrNull, toEvaluation } from "./views.ts";

/** Resolvers of `Rule`. */
export const Rule: RuleResolvers = {
  __resolveReference: ({ id }, context) => ruleOfReference(id, context),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  metric: ({ metric }) => metricDefinitionOf(metric),
  lastEvaluation: ({ lastEvaluation }) => (lastEvaluation === null ? null : toEvaluation(lastEvaluation)),
  nextEvaluationAt: ({ enabled, deletedAtMs, nextEvaluationAtMs }) =>
    enabled && deletedAtMs === null ? toDateTime(nextEvaluationAtMs) : null,
  breachedSince: ({ breachedSinceMs }) => toDateTimeOrNull(breachedSinceMs),
  openAnomaly: ({ id }, _arguments, { loaders }) => loaders.openAnomalyOfRule.load(id),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  updatedAt: ({ updatedAtMs }) => toDateTime(updatedAtMs),
  deletedAt: ({ deletedAtMs }) => toDateTimeOrNull(deletedAtMs),
};
