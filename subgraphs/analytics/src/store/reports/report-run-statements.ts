import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { ReportFormat, ReportRun } from "../../domain/reports/report.ts";
import type { MadeBy, NewReportFile, ReportStore } from "./report-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

const FILES = `coalesce((SELECT json_agg(json_build_object('format', f.format, 'size', f.size, 'sha256', f.sha256) ORDER BY f.format) FROM report_file f
  WHERE f.tenant_id = r.tenant_id AND f.run_id = r.id), '[]'::json) AS files`;
const COLUMNS = `r.tenant_id, r.id, r.report_id, r.due_at, r.asked_by, r.state, r.revision, r.attempt, r.fair_tag, r.done, r.parts, r.source_version,
  r.permissions, r.policy, r.error_code, r.error_detail, r.created_at, r.started_at, r.finished_at, ${FILES}`;
const CHANGED = "revision = r.revision + 1";
/** The try that counts. */
const OF_TRY = "r.tenant_id = $1 AND r.id = $2 AND r.attempt = $3 AND r.state = 'RUNNING'";

/** A run by its id. */
export const findRunStatement = (tenantId: TenantId, id: string) =>
  statement("find-report-run", `SELECT ${COLUMNS} FROM report_run r WHERE r.tenant_id = $1 AND r.id = $2`, [
    tenantId,
    id,
  ]);
/** The run that was asked for by a key before. */
export const findAskedStatement = (tenantId: TenantId, reportId: string, key: string) =>
  statement(
    "find-asked-report-run",
    `SELECT ${COLUMNS} FROM report_run r WHERE r.tenant_id = $1 AND r.report_id = $2 AND r.asked_by = $3`,
    [tenantId, reportId, key],
  );
/** Runs newest first after a place, one more than asked for. */
export const listRunsStatement = (tenantId: TenantId, reportId: string, page: Parameters<ReportStore["runs"]>[2]) =>
  statement(
    "list-report-runs",
    `SELECT ${COLUMNS} FROM report_run r WHERE r.tenant_id = $1 AND r.report_id = $2
     AND ($3::double precision IS NULL OR (r.created_at, r.id) < (to_timestamp($3::double precision / 1000), $4::uuid))
     ORDER BY r.created_at DESC, r.id DESC LIMIT $5`,
    [tenantId, reportId, page.after?.createdAtMs ?? null, page.after?.id ?? null, page.first + 1],
  );
/** How many runs of a tenant have not ended, and how many of them are being made by somebody else than is asked about. */
export const countRunsStatement = (tenantId: TenantId, except: string) =>
  statement(
    "count-report-runs",
    `SELECT count(*)::integer AS unfinished, (count(*) FILTER (WHERE state = 'RUNNING' AND lease_until > now() AND id <> $2))::integer AS running
     FROM report_run WHERE tenant_id = $1 AND state IN ('QUEUED', 'RUNNING')`,
    [tenantId, except],
  );
/** Makes a run; none for a moment that has one. */
export const insertRunStatement = (
  tenantId: TenantId,
  one: { readonly id: string; readonly reportId: string; readonly dueMs: number; readonly key: string | null },
  nowMs: number,
) =>
  statement(
    "insert-report-run",
    `WITH r AS (
       INSERT INTO report_run (tenant_id, id, report_id, due_at, asked_by, fair_tag, created_at)
       VALUES ($1, $2, $3, $4, $5, report_run_fair_tag_across_tenants($1), $6) ON CONFLICT DO NOTHING RETURNING *
     ) SELECT ${COLUMNS} FROM r`,
    [tenantId, one.id, one.reportId, at(one.dueMs), one.key, at(nowMs)],
  );
/** Notes when a run was handed to the queue. */
export const noteDispatchStatement = (tenantId: TenantId, id: string) =>
  statement("note-report-dispatch", "UPDATE report_run SET dispatched_at = now() WHERE tenant_id = $1 AND id = $2", [
    tenantId,
    id,
  ]);
/** Begins a try, unless one holds the lease. */
export const beginRunStatement = (tenantId: TenantId, id: string, leaseSeconds: number, nowMs: number) =>
  statement(
    "begin-report-run",
    `UPDATE report_run r SET state = 'RUNNING', ${CHANGED}, attempt = r.attempt + 1, done = 0, parts = NULL,
       started_at = coalesce(r.started_at, $4), lease_until = now() + make_interval(secs => $3)
     WHERE r.tenant_id = $1 AND r.id = $2 AND (r.state = 'QUEUED' OR (r.state = 'RUNNING' AND r.lease_until <= now())) RETURNING ${COLUMNS}`,
    [tenantId, id, leaseSeconds, at(nowMs)],
  );
/** Renews the lease of the try that counts, and tells how far it is. */
export const progressStatement = (
  { tenantId, id, attempt }: ReportRun,
  made: { readonly done: number; readonly parts: number | null },
  leaseSeconds: number,
) =>
  statement(
    "progress-report-run",
    `UPDATE report_run r SET ${CHANGED}, done = $4, parts = $5, lease_until = now() + make_interval(secs => $6) WHERE ${OF_TRY} RETURNING ${COLUMNS}`,
    [tenantId, id, attempt, made.done, made.parts, leaseSeconds],
  );
/** Ends the try that counts with files. */
export const succeedStatement = ({ tenantId, id, attempt }: ReportRun, by: MadeBy, nowMs: number) =>
  statement(
    "succeed-report-run",
    `UPDATE report_run r SET state = 'SUCCEEDED', ${CHANGED}, finished_at = $4, lease_until = NULL, permissions = $5, policy = $6, source_version = $7
     WHERE ${OF_TRY} RETURNING ${COLUMNS}`,
    [tenantId, id, attempt, at(nowMs), by.permissions, by.policy, by.sourceVersion],
  );
/** Ends the try that counts without files. */
export const failStatement = (
  { tenantId, id, attempt }: ReportRun,
  why: { readonly code: string; readonly detail: string },
  nowMs: number,
) =>
  statement(
    "fail-report-run",
    `UPDATE report_run r SET state = 'FAILED', ${CHANGED}, finished_at = $4, lease_until = NULL, error_code = $5, error_detail = $6
     WHERE ${OF_TRY} RETURNING ${COLUMNS}`,
    [tenantId, id, attempt, at(nowMs), why.code, why.detail],
  );
/** Gives the try that counts back, for another one. */
export const requeueStatement = ({ tenantId, id, attempt }: ReportRun) =>
  statement(
    "requeue-report-run",
    `UPDATE report_run r SET state = 'QUEUED', ${CHANGED}, lease_until = NULL, dispatched_at = now() WHERE ${OF_TRY} RETURNING ${COLUMNS}`,
    [tenantId, id, attempt],
  );
/** Drops the runs of a report that ended as one more is about to, but for so many of the newest that with it those are there that are kept. */
export const dropOldRunsStatement = (tenantId: TenantId, reportId: string, state: "SUCCEEDED" | "FAILED") =>
  statement(
    "drop-old-report-runs",
    `DELETE FROM report_run d WHERE d.tenant_id = $1 AND d.report_id = $2 AND d.id IN (
       SELECT o.id FROM report_run o WHERE o.tenant_id = $1 AND o.report_id = $2 AND o.state = $3 ORDER BY o.created_at DESC, o.id DESC
       OFFSET (SELECT keep_runs - 1 FROM report WHERE tenant_id = $1 AND id = $2))`,
    [tenantId, reportId, state],
  );
/** Bytes of all files of a tenant. */
export const countBytesStatement = (tenantId: TenantId) =>
  statement(
    "count-report-bytes",
    "SELECT coalesce(sum(size), 0)::float8 AS bytes FROM report_file WHERE tenant_id = $1",
    [tenantId],
  );
/** Stores what a file is. */
export const insertFileStatement = ({ tenantId, id }: ReportRun, { format, bytes, sha256 }: NewReportFile) =>
  statement(
    "insert-report-file",
    "INSERT INTO report_file (tenant_id, run_id, format, size, sha256) VALUES ($1, $2, $3, $4, $5)",
    [...[tenantId, id, format, bytes.length, sha256]],
  );
/** Stores a part of a file. */
export const insertPartStatement = (
  { tenantId, id }: ReportRun,
  format: ReportFormat,
  place: number,
  bytes: Uint8Array,
) =>
  statement(
    "insert-report-part",
    "INSERT INTO report_file_part (tenant_id, run_id, format, place, bytes) VALUES ($1, $2, $3, $4, $5)",
    [...[tenantId, id, format, place, bytes]],
  );
/** A part of a file. */
export const filePartStatement = (tenantId: TenantId, runId: string, format: ReportFormat, place: number) =>
  statement(
    "find-report-part",
    "SELECT bytes FROM report_file_part WHERE tenant_id = $1 AND run_id = $2 AND format = $3 AND place = $4",
    [...[tenantId, runId, format, place]],
  );
/** Runs that the queue does not know, of all tenants. */
export const undispatchedRunsStatement = (silentSeconds: number, limit: number) =>
  statement(
    "undispatched-report-runs-across-tenants",
    "SELECT tenant_id, id, fair_tag FROM undispatched_report_runs_across_tenants(make_interval(secs => $1), $2)",
    [silentSeconds, limit],
  );
