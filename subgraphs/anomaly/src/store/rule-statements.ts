import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { Rule, RuleAuthor } from "../domain/rule.ts";
import { RULE_COLUMNS } from "./rule-row.ts";

const at = (ms: number): Date => new Date(ms);

/** What its author says of a rule, in the forms the store keeps. */
export interface StoredDefinition extends Pick<
  Rule,
  "name" | "description" | "detector" | "labels" | "evaluationIntervalSeconds" | "enabled" | "live"
> {
  readonly watch: unknown;
  readonly alerting: unknown;
}

const definitionParams = (
  definition: StoredDefinition,
  { author, authorPermissions }: RuleAuthor,
): readonly unknown[] => [
  definition.name,
  definition.description,
  JSON.stringify(definition.watch),
  JSON.stringify(definition.detector),
  JSON.stringify(definition.alerting),
  JSON.stringify(definition.labels),
  author,
  authorPermissions,
  definition.evaluationIntervalSeconds,
  definition.enabled,
  definition.live,
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

/** How many other rules of the tenant that are not deleted are live. */
export const countLiveRulesStatement = (tenantId: TenantId, other: RuleId): SqlStatement => ({
  name: "anomaly-count-live-rules",
  text: "SELECT count(*)::integer AS rules FROM anomaly_rule WHERE tenant_id = $1 AND id <> $2 AND live AND deleted_at IS NULL",
  params: [tenantId, other],
});

/** Inserts a rule that is due at once. */
export const insertRuleStatement = (
  tenantId: TenantId,
  id: RuleId,
  { definition, author }: { readonly definition: StoredDefinition; readonly author: RuleAuthor },
  nowMs: number,
): SqlStatement => ({
  name: "anomaly-insert-rule",
  text: `INSERT INTO anomaly_rule (tenant_id, id, name, description, watch, detector, alerting, labels, author, author_permissions,
      evaluation_interval_seconds, enabled, live, next_evaluation_at, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9, $10, $11, $12, $13, $14, $14, $14) RETURNING ${RULE_COLUMNS}`,
  params: [tenantId, id, ...definitionParams(definition, author), at(nowMs)],
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
  { definition, author }: { readonly definition: StoredDefinition; readonly author: RuleAuthor },
  restart: boolean,
  nowMs: number,
): SqlStatement => ({
  name: "anomaly-update-rule",
  text: `UPDATE anomaly_rule SET name = $3, description = $4, watch = $5::jsonb, detector = $6::jsonb, alerting = $7::jsonb, labels = $8::jsonb,
      author = $9, author_permissions = $10, evaluation_interval_seconds = $11, enabled = $12, live = $13, next_evaluation_at = $14, updated_at = $14,
      version = version + 1, lease_token = NULL, leased_until = NULL, next_look_at = NULL,
      last_evaluation = CASE WHEN $15 THEN NULL ELSE last_evaluation END,
      last_failure = CASE WHEN $15 THEN NULL ELSE last_failure END,
      failure_code = CASE WHEN $15 THEN NULL ELSE failure_code END,
      breached_since = CASE WHEN $15 THEN NULL ELSE breached_since END,
      judged_until = CASE WHEN $15 THEN NULL ELSE judged_until END,
      warm_until = CASE WHEN $15 THEN NULL ELSE warm_until END,
      series_seen = CASE WHEN $15 THEN 0 ELSE series_seen END
    WHERE tenant_id = $1 AND id = $2 RETURNING ${RULE_COLUMNS}`,
  params: [rule.tenantId, rule.id, ...definitionParams(definition, author), at(nowMs), restart],
});

/** Marks a rule deleted; whoever evaluates it at the moment loses the lease. */
export const deleteRuleStatement = (tenantId: TenantId, id: RuleId, nowMs: number): SqlStatement => ({
  name: "anomaly-delete-rule",
  text: `UPDATE anomaly_rule SET deleted_at = $3, updated_at = $3, version = version + 1, lease_token = NULL, leased_until = NULL,
      breached_since = NULL
    WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${RULE_COLUMNS}`,
  params: [tenantId, id, at(nowMs)],
});
