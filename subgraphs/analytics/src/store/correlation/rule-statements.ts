import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { CorrelationContent } from "../../domain/correlation/rule.ts";
import type { NewRule } from "./rule-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

/** Columns of a rule `r` in a version `v`, as `correlationRuleRow` reads them. */
export const RULE_COLUMNS = `r.id, r.tenant_id, r.name, v.version, r.version AS latest_version, r.pinned_version, r.retired_at,
  r.created_by, r.created_at, v.defined_by, v.defined_at, v.content`;

/** One change of a tenant's rules, or of what their runs have found, at a time, until the transaction ends. */
export const lockCorrelationsStatement = (tenantId: TenantId) =>
  statement(
    "lock-correlations",
    "SELECT pg_advisory_xact_lock(hashtextextended('correlation:' || $1::text, 0)) IS NULL",
    [tenantId],
  );
/** A rule by id, in a version or as it is now. */
export const ruleByIdStatement = (tenantId: TenantId, id: string, version: number | null) =>
  statement(
    "correlation-rule-by-id",
    `SELECT ${RULE_COLUMNS} FROM correlation_rule r
     JOIN correlation_rule_version v ON v.rule_id = r.id AND v.version = coalesce($3::integer, r.version)
     WHERE r.tenant_id = $1 AND r.id = $2`,
    [tenantId, id, version],
  );
/** A rule by name, in a version or as it is now. */
export const ruleByNameStatement = (tenantId: TenantId, name: string, version: number | null) =>
  statement(
    "correlation-rule-by-name",
    `SELECT ${RULE_COLUMNS} FROM correlation_rule r
     JOIN correlation_rule_version v ON v.rule_id = r.id AND v.version = coalesce($3::integer, r.version)
     WHERE r.tenant_id = $1 AND r.name = $2`,
    [tenantId, name, version],
  );
/** Rules by name after a name, one more than asked for. */
export const listRulesStatement = (
  tenantId: TenantId,
  page: { readonly first: number; readonly after: string | null; readonly retired: boolean },
) =>
  statement(
    "list-correlation-rules",
    `SELECT ${RULE_COLUMNS} FROM correlation_rule r
     JOIN correlation_rule_version v ON v.rule_id = r.id AND v.version = r.version
     WHERE r.tenant_id = $1 AND ($2::text IS NULL OR r.name COLLATE "C" > $2) AND (r.retired_at IS NOT NULL) = $3
     ORDER BY r.name COLLATE "C" LIMIT $4`,
    [tenantId, page.after, page.retired, page.first + 1],
  );
/** Versions of a rule, the newest first. */
export const ruleVersionsStatement = (tenantId: TenantId, id: string, first: number) =>
  statement(
    "correlation-rule-versions",
    `SELECT ${RULE_COLUMNS} FROM correlation_rule r JOIN correlation_rule_version v ON v.rule_id = r.id
     WHERE r.tenant_id = $1 AND r.id = $2 ORDER BY v.version DESC LIMIT $3`,
    [tenantId, id, first],
  );
/** How many rules there are, and how many are not retired. */
export const countRulesStatement = (tenantId: TenantId) =>
  statement(
    "count-correlation-rules",
    `SELECT count(*)::integer AS rules, count(*) FILTER (WHERE retired_at IS NULL)::integer AS running
     FROM correlation_rule WHERE tenant_id = $1`,
    [tenantId],
  );
/** Stores a name with its first version's number. */
export const insertRuleStatement = (tenantId: TenantId, one: NewRule, nowMs: number) =>
  statement(
    "insert-correlation-rule",
    `INSERT INTO correlation_rule (id, tenant_id, name, version, created_by, created_at) VALUES ($1, $2, $3, 1, $4, $5)`,
    [one.id, tenantId, one.name, one.by, at(nowMs)],
  );
/** Makes a version the latest; what was retired is so no more. */
export const setRuleVersionStatement = (tenantId: TenantId, id: string, version: number) =>
  statement(
    "set-correlation-rule-version",
    "UPDATE correlation_rule SET version = $3, retired_at = NULL WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, version],
  );
/** Keeps a version. */
export const insertRuleVersionStatement = (
  tenantId: TenantId,
  one: Pick<NewRule, "id" | "content" | "by"> & { readonly version: number },
  nowMs: number,
) =>
  statement(
    "insert-correlation-rule-version",
    `INSERT INTO correlation_rule_version (tenant_id, rule_id, version, content, defined_by, defined_at)
     VALUES ($1, $2, $3, $4::jsonb, $5, $6)`,
    [tenantId, one.id, one.version, JSON.stringify(one.content), one.by, at(nowMs)],
  );
/** A row when a version's content is the given one. */
export const sameRuleContentStatement = (
  tenantId: TenantId,
  id: string,
  version: number,
  content: CorrelationContent,
) =>
  statement(
    "same-correlation-rule-content",
    `SELECT version FROM correlation_rule_version
     WHERE tenant_id = $1 AND rule_id = $2 AND version = $3 AND content = $4::jsonb`,
    [tenantId, id, version, JSON.stringify(content)],
  );
/** Retires a rule; the first time counts. */
export const retireRuleStatement = (tenantId: TenantId, id: string, nowMs: number) =>
  statement(
    "retire-correlation-rule",
    "UPDATE correlation_rule SET retired_at = coalesce(retired_at, $3) WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, at(nowMs)],
  );
/** Pins a version, or none. */
export const pinRuleStatement = (tenantId: TenantId, id: string, version: number | null) =>
  statement(
    "pin-correlation-rule",
    "UPDATE correlation_rule SET pinned_version = $3 WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, version],
  );
/** Forgets what is under way for a rule. */
export const dropShardsStatement = (tenantId: TenantId, id: string) =>
  statement("drop-correlation-shards", "DELETE FROM correlation_shard WHERE tenant_id = $1 AND rule_id = $2", [
    tenantId,
    id,
  ]);
/** Forgets where a rule's run stands. */
export const dropRunStatement = (tenantId: TenantId, id: string) =>
  statement("drop-correlation-run", "DELETE FROM correlation_run WHERE tenant_id = $1 AND rule_id = $2", [
    tenantId,
    id,
  ]);
/** Stores the run of a version that begins. */
export const insertRunStatement = (
  tenantId: TenantId,
  one: { readonly id: string; readonly version: number; readonly state: object },
) =>
  statement(
    "insert-correlation-run",
    `INSERT INTO correlation_run (tenant_id, rule_id, version, state, log_transaction, log_sequence)
     VALUES ($1, $2, $3, $4::jsonb, '0', 0)`,
    [tenantId, one.id, one.version, JSON.stringify(one.state)],
  );
/** Where the run of a rule stands. */
export const standingStatement = (tenantId: TenantId, id: string) =>
  statement(
    "correlation-standing",
    "SELECT version, state, failed_code, failed_detail FROM correlation_run WHERE tenant_id = $1 AND rule_id = $2",
    [tenantId, id],
  );
