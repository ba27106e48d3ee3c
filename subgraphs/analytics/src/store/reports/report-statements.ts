import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { PauseReason } from "../../domain/reports/report.ts";
import type { NewReport, ReportStore } from "./report-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

const COLUMNS = `tenant_id, id, name, content, formats, cron, time_zone, keep_runs, channels, owner, owner_permissions, paused, failures, revision, next_due_at,
  created_at, changed_at`;
const CHANGED = "revision = revision + 1";

/** One decision about a tenant's reports and runs at a time, until the transaction ends. */
export const lockReportsStatement = (tenantId: TenantId) =>
  statement("lock-reports", "SELECT pg_advisory_xact_lock(hashtextextended('reports:' || $1::text, 0)) IS NULL", [
    tenantId,
  ]);
/** A report by its id. */
export const findReportStatement = (tenantId: TenantId, id: string) =>
  statement("find-report", `SELECT ${COLUMNS} FROM report WHERE tenant_id = $1 AND id = $2`, [tenantId, id]);
/** A report, held until the transaction ends; none while somebody else holds it. */
export const holdReportStatement = (tenantId: TenantId, id: string) =>
  statement("hold-report", `SELECT ${COLUMNS} FROM report WHERE tenant_id = $1 AND id = $2 FOR UPDATE SKIP LOCKED`, [
    tenantId,
    id,
  ]);
/** Reports by name and id after a place, one more than asked for. */
export const listReportsStatement = (tenantId: TenantId, page: Parameters<ReportStore["list"]>[1]) =>
  statement(
    "list-reports",
    `SELECT ${COLUMNS} FROM report WHERE tenant_id = $1 AND ($2::text IS NULL OR owner = $2)
     AND ($3::text IS NULL OR (name COLLATE "C", id) > ($3, $4::uuid)) ORDER BY name COLLATE "C", id LIMIT $5`,
    [tenantId, page.owner, page.after?.name ?? null, page.after?.id ?? null, page.first + 1],
  );
/** How many reports a tenant has. */
export const countReportsStatement = (tenantId: TenantId) =>
  statement("count-reports", "SELECT count(*)::integer AS found FROM report WHERE tenant_id = $1", [tenantId]);
/** Stores a report, or what has become of one; one that was paused by its failures runs again. */
export const saveReportStatement = (tenantId: TenantId, one: NewReport, nowMs: number) =>
  statement(
    "save-report",
    `INSERT INTO report (tenant_id, id, name, content, formats, cron, time_zone, keep_runs, owner, owner_permissions, next_due_at, created_at, changed_at, channels)
     VALUES ($1, $2, $3, $4::json, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13::uuid[])
     ON CONFLICT (tenant_id, id) DO UPDATE SET name = $3, content = $4::json, formats = $5, cron = $6, time_zone = $7, keep_runs = $8, owner_permissions = $10,
       next_due_at = $11, changed_at = $12, channels = $13::uuid[], failures = 0, paused = nullif(report.paused, 'FAILURES'), revision = report.revision + 1
     RETURNING ${COLUMNS}`,
    [
      ...[
        tenantId,
        one.id,
        one.name,
        JSON.stringify(one.content),
        one.formats,
        one.schedule?.cron ?? null,
        one.timeZone,
      ],
      ...[one.keepRuns, one.owner, one.ownerPermissions, at(one.nextDueMs), at(nowMs), one.channels],
    ],
  );
/** Pauses a report, or lets it go on. */
export const pauseReportStatement = (
  tenantId: TenantId,
  id: string,
  to: { readonly paused: PauseReason | null; readonly nextMs: number | null },
  nowMs: number,
) =>
  statement(
    "pause-report",
    `UPDATE report SET paused = $3, next_due_at = $4, failures = CASE WHEN $3::text IS NULL THEN 0 ELSE failures END, changed_at = $5, ${CHANGED}
     WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [tenantId, id, to.paused, at(to.nextMs), at(nowMs)],
  );
/** Removes a report with its runs and files. */
export const removeReportStatement = (tenantId: TenantId, id: string) =>
  statement("remove-report", "DELETE FROM report WHERE tenant_id = $1 AND id = $2", [tenantId, id]);
/** Sets the moment a report is due next. */
export const setNextDueStatement = (tenantId: TenantId, id: string, nextMs: number | null) =>
  statement("set-report-due", "UPDATE report SET next_due_at = $3 WHERE tenant_id = $1 AND id = $2", [
    tenantId,
    id,
    at(nextMs),
  ]);
/** Counts a run that failed, and pauses a report with a schedule that has failed too often. */
export const countFailureStatement = (tenantId: TenantId, id: string, most: number, nowMs: number) =>
  statement(
    "count-report-failure",
    `UPDATE report SET failures = failures + 1, ${CHANGED}, changed_at = CASE WHEN failures + 1 >= $3 THEN $4 ELSE changed_at END,
       paused = CASE WHEN paused IS NULL AND cron IS NOT NULL AND failures + 1 >= $3 THEN 'FAILURES' ELSE paused END
     WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [tenantId, id, most, at(nowMs)],
  );
/** Forgets failures before a run that succeeded. */
export const forgetFailuresStatement = (tenantId: TenantId, id: string) =>
  statement(
    "forget-report-failures",
    "UPDATE report SET failures = 0 WHERE tenant_id = $1 AND id = $2 AND failures > 0",
    [tenantId, id],
  );
/** Reports whose moment has come, of all tenants. */
export const dueReportsStatement = (nowMs: number, limit: number) =>
  statement("due-reports-across-tenants", "SELECT tenant_id, id FROM due_reports_across_tenants($1, $2)", [
    at(nowMs),
    limit,
  ]);
