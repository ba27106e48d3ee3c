import type { LimitScope } from "@tessera/contracts/limits";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { NewBreach, SetLimit } from "../domain/limits.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const LIMIT = "metric, soft, hard, grace_seconds";

/** The organisation and tier of a tenant; no row when there is none. */
export const tierStatement = (tenantId: TenantId): SqlStatement =>
  statement("limit-tier", "SELECT organisation_id::text, tier FROM tenant WHERE id = $1", [tenantId]);

/** Limits that were set for the tenant, its organisation, and either one key or person or all of them. */
export const limitsStatement = (
  tenantId: TenantId,
  narrow: { readonly kind: string; readonly id: string } | null,
): SqlStatement =>
  statement(
    "limits",
    `SELECT scope, scope_id, ${LIMIT} FROM usage_limit
  WHERE tenant_id = $1 AND (scope = 'TENANT' OR $2::text IS NULL OR (scope = $2 AND scope_id = $3))
UNION ALL SELECT 'ORGANISATION', organisation_id::text, ${LIMIT} FROM organisation_limit ORDER BY scope, scope_id, metric`,
    [tenantId, narrow?.kind ?? null, narrow?.id ?? null],
  );

/** Limits passed since a day. */
export const breachesStatement = (tenantId: TenantId, sinceDay: string): SqlStatement =>
  statement(
    "limit-breaches",
    "SELECT scope, scope_id, metric, level, period, breached_at FROM limit_breach WHERE tenant_id = $1 AND period >= $2",
    [tenantId, sinceDay],
  );

/** What the tenant used in a month and on a day, and its newest storage sample. */
export const tenantUseStatement = (tenantId: TenantId, month: string, day: string): SqlStatement =>
  statement(
    "limit-tenant-use",
    `SELECT coalesce(sum(events), 0) AS events, coalesce(sum(rows_read) FILTER (WHERE day = $3::date), 0) AS rows_read,
  coalesce((SELECT bytes FROM usage_storage WHERE tenant_id = $1 ORDER BY hour DESC LIMIT 1), 0) AS storage_bytes
FROM usage_day WHERE tenant_id = $1 AND day >= $2::date`,
    [tenantId, month, day],
  );

/** What keys and people with metered limits used in a month and on a day. */
export const subjectUseStatement = (
  tenantId: TenantId,
  month: string,
  day: string,
  narrow: { readonly kind: string; readonly id: string } | null,
): SqlStatement =>
  statement(
    "limit-subject-use",
    `SELECT subject_kind, subject_id, sum(events) AS events, coalesce(sum(rows_read) FILTER (WHERE hour >= $3::timestamptz), 0) AS rows_read
FROM usage_hour WHERE tenant_id = $1 AND hour >= $2::timestamptz AND (subject_kind, subject_id) IN (
  SELECT scope, scope_id FROM usage_limit WHERE tenant_id = $1 AND scope <> 'TENANT' AND metric IN ('EVENTS_PER_MONTH', 'ROWS_READ_PER_DAY')
    AND ($4::text IS NULL OR (scope = $4 AND scope_id = $5)))
GROUP BY 1, 2`,
    [tenantId, `${month}T00:00:00Z`, `${day}T00:00:00Z`, narrow?.kind ?? null, narrow?.id ?? null],
  );

/** What the organisation's tenants together used since a day, and store. */
export const organisationUseStatement = (fromDay: string): SqlStatement =>
  statement("limit-organisation-use", "SELECT * FROM organisation_usage_across_tenants($1::date)", [fromDay]);

/** Notes a passed limit; no row when it was noted before. */
export const noteBreachStatement = (tenantId: TenantId, breach: NewBreach): SqlStatement =>
  statement(
    "note-limit-breach",
    `INSERT INTO limit_breach (tenant_id, scope, scope_id, metric, level, period, breached_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING true AS noted`,
    [
      tenantId,
      breach.scope,
      breach.scopeId,
      breach.metric,
      breach.level,
      breach.period,
      new Date(breach.breachedAtMs).toISOString(),
    ],
  );

/** Sets one limit of the tenant, a key or a person. */
export const setLimitStatement = (tenantId: TenantId, limit: SetLimit, atMs: number): SqlStatement =>
  statement(
    "set-limit",
    `INSERT INTO usage_limit (tenant_id, scope, scope_id, metric, soft, hard, grace_seconds, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, scope, scope_id, metric) DO UPDATE SET soft = excluded.soft, hard = excluded.hard,
  grace_seconds = excluded.grace_seconds, set_at = excluded.set_at`,
    [tenantId, limit.scope, limit.scopeId, limit.metric, limit.soft, limit.hard, limit.graceSeconds, new Date(atMs)],
  );

/** Sets one limit of an organisation. */
export const setOrganisationLimitStatement = (limit: SetLimit, atMs: number): SqlStatement =>
  statement(
    "set-organisation-limit",
    `INSERT INTO organisation_limit (organisation_id, metric, soft, hard, grace_seconds, set_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (organisation_id, metric) DO UPDATE SET soft = excluded.soft, hard = excluded.hard,
  grace_seconds = excluded.grace_seconds, set_at = excluded.set_at`,
    [limit.scopeId, limit.metric, limit.soft, limit.hard, limit.graceSeconds, new Date(atMs)],
  );

/** Removes what was set for a scope and metric, so that the tier's limit, or none, holds again. */
export const unsetLimitStatement = (
  tenantId: TenantId,
  limit: { readonly scope: LimitScope; readonly scopeId: string; readonly metric: string },
): SqlStatement =>
  limit.scope === "ORGANISATION"
    ? statement(
        "unset-organisation-limit",
        "DELETE FROM organisation_limit WHERE organisation_id::text = $1 AND metric = $2",
        [limit.scopeId, limit.metric],
      )
    : statement(
        "unset-limit",
        "DELETE FROM usage_limit WHERE tenant_id = $1 AND scope = $2 AND scope_id = $3 AND metric = $4",
        [tenantId, limit.scope, limit.scopeId, limit.metric],
      );

/** How many limits of keys and people a tenant has. */
export const countLimitsStatement = (tenantId: TenantId): SqlStatement =>
  statement("count-limits", "SELECT count(*)::int AS limits FROM usage_limit WHERE tenant_id = $1", [tenantId]);
