import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { Resolution } from "../domain/anomaly.ts";
import type { MetricDefinition } from "../domain/metric.ts";
import type { Rule, RuleDefinition } from "../domain/rule.ts";
import { RULE_COLUMNS } from "./rule-row.ts";

const at = (ms: number): Date => new Date(ms);

/** What its author says of a rule, with the metric as the store keeps it. */
export type StoredDefinition = Omit<RuleDefinition, "metric"> & { readonly metric: MetricDefinition };

const definitionParams = (definition: StoredDefinition): readonly unknown[] => [
  definition.name,
  definition.description,
  JSON.stringify(definition.metric),
  definition.condition.direction,
  definition.condition.threshold,
  definition.condition.minimumSamples,
  definition.evaluationIntervalSeconds,
  definition.enabled,
];

/** Lets one writer at a time change a tenant's rules, so that names and their number are checked without a race. */
export const lockRulesStatement = (tenantId: TenantId): SqlStatement => ({
  name: "anomaly-lock-rules",
  text: "SELECT pg_advisory_xact_lock(hashtextextended('anomaly_rule:' || $1::text, 0))",
  params: [tenantId],
});

/** The tenant's rule of this name that is not deleted. */
export const ruleByNameStatement = (tenantId: TenantId, name: string): SqlStatement => ({
  name: "anomaly-rule-by-name",
  text: `SELECT ${RULE_COLUMNS} FROM anomaly_rule WHERE tenant_id = $1 AND name = $2 AND deleted_at IS NULL`,
  params: [tenantId, name],
});

/** How many rules of the tenant are not deleted. */
export const countRulesStatement = (tenantId: TenantId): SqlStatement => ({
  name: "anomaly-count-rules",
  text: "SELECT count(*)::integer AS rules FROM anomaly_rule WHERE tenant_id = $1 AND deleted_at IS NULL",
  params: [tenantId],
});

/** Inserts a rule that is due at once. */
export const insertRuleStatement = (
  tenantId: TenantId,
  id: RuleId,
  definition: StoredDefinition,
  nowMs: number,
): SqlStatement => ({
  name: "anomaly-insert-rule",
  text: `INSERT INTO anomaly_rule (tenant_id, id, name, description, metric, direction, threshold, minimum_samples,
      evaluation_interval_seconds, enabled, next_evaluation_at, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $11, $11) RETURNING ${RULE_COLUMNS}`,
  params: [tenantId, id, ...definitionParams(definition), at(nowMs)],
});

/** The rule, if it is not deleted, held until the transaction ends. */
export const lockRuleStatement = (tenantId: TenantId, id: RuleId): SqlStatement => ({
  name: "anomaly-lock-rule",
  text: `SELECT ${RULE_COLUMNS} FROM anomaly_rule WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE`,
  params: [tenantId, id],
});

/** Saves a changed rule: due at once, and whoever evaluates its old form at the moment loses the lease. */
export const updateRuleStatement = (
  rule: Rule,
  definition: StoredDefinition,
  restart: boolean,
  nowMs: number,
): SqlStatement => ({
  name: "anomaly-update-rule",
  text: `UPDATE anomaly_rule SET name = $3, description = $4, metric = $5::jsonb, direction = $6, threshold = $7, minimum_samples = $8,
      evaluation_interval_seconds = $9, enabled = $10, next_evaluation_at = $11, updated_at = $11, version = version + 1,
      lease_token = NULL, leased_until = NULL,
      last_evaluation = CASE WHEN $12 THEN NULL ELSE last_evaluation END,
      last_failure = CASE WHEN $12 THEN NULL ELSE last_failure END,
      breached_since = CASE WHEN $12 THEN NULL ELSE breached_since END
    WHERE tenant_id = $1 AND id = $2 RETURNING ${RULE_COLUMNS}`,
  params: [rule.tenantId, rule.id, ...definitionParams(definition), at(nowMs), restart],
});

/** Marks a rule deleted; whoever evaluates it at the moment loses the lease. Answers the id if there was such a rule. */
export const deleteRuleStatement = (tenantId: TenantId, id: RuleId, nowMs: number): SqlStatement => ({
  name: "anomaly-delete-rule",
  text: `UPDATE anomaly_rule SET deleted_at = $3, updated_at = $3, version = version + 1, lease_token = NULL, leased_until = NULL,
      breached_since = NULL
    WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING id`,
  params: [tenantId, id, at(nowMs)],
});

/** Resolves whatever anomaly of the rule is not resolved yet. */
export const resolveAnomaliesOfRuleStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  resolution: Resolution,
): SqlStatement => ({
  name: "anomaly-resolve-of-rule",
  text: "UPDATE anomaly SET state = 'RESOLVED', resolution = $3::jsonb WHERE tenant_id = $1 AND rule_id = $2 AND state <> 'RESOLVED'",
  params: [tenantId, ruleId, JSON.stringify(resolution)],
});
