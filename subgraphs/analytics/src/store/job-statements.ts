import type { JobId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { JobProgress } from "../domain/job.ts";
import { KEEP_JOB_DAYS, type JobStore, type NewJob, type RunEnd } from "./job-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const CHANGE = "revision = revision + 1";
const OF_RUN = "id = $1 AND attempt = $2 AND state = 'RUNNING'";

/** Counts a tenant's unfinished jobs. */
export const countUnfinishedStatement = (tenantId: TenantId) =>
  statement(
    "count-unfinished-jobs",
    "SELECT count(*) FROM job WHERE tenant_id = $1 AND state IN ('QUEUED', 'RUNNING')",
    [tenantId],
  );
/** Counts a tenant's running jobs whose lease holds, but for one. */
export const countRunningStatement = (tenantId: TenantId, except: JobId) =>
  statement(
    "count-running-jobs",
    "SELECT count(*) FROM job WHERE tenant_id = $1 AND state = 'RUNNING' AND lease_until > now() AND id <> $2",
    [tenantId, except],
  );
/** One decision at a time per tenant, until the transaction ends. */
export const lockTenantStatement = (tenantId: TenantId) =>
  statement("lock-jobs-of-tenant", "SELECT pg_advisory_xact_lock(hashtextextended($1, 7)) IS NULL AS locked", [
    `job:${tenantId}`,
  ]);
/** Finds the job a caller's own key started. */
export const findByKeyStatement = (tenantId: TenantId, key: string) =>
  statement("find-job-by-key", "SELECT * FROM job WHERE tenant_id = $1 AND idempotency_key = $2", [tenantId, key]);
/** Stores a new job with its fair tag. */
export const insertStatement = (tenantId: TenantId, job: NewJob) =>
  statement(
    "insert-job",
    `INSERT INTO job (id, tenant_id, kind, input, created_by, idempotency_key, fair_tag, expires_at)
     VALUES ($1, $2, $7, $3::jsonb, $4, $5, job_fair_tag_across_tenants($2), now() + make_interval(days => $6)) RETURNING *`,
    [job.id, tenantId, JSON.stringify(job.input), job.createdBy, job.idempotencyKey, KEEP_JOB_DAYS, job.kind],
  );
/** Begins a run, unless one holds the lease. */
export const beginStatement = (tenantId: TenantId, id: JobId, leaseSeconds: number) =>
  statement(
    "begin-job",
    `UPDATE job SET state = 'RUNNING', ${CHANGE}, attempt = attempt + 1, started_at = coalesce(started_at, now()),
       rows_read = 0, rows_to_read = NULL, bytes_read = 0, lease_until = now() + make_interval(secs => $3)
     WHERE tenant_id = $1 AND id = $2 AND (state = 'QUEUED' OR (state = 'RUNNING' AND lease_until <= now())) RETURNING *`,
    [tenantId, id, leaseSeconds],
  );
/** Tells progress and renews the lease of the run that counts. */
export const progressStatement = (id: JobId, attempt: number, made: JobProgress, leaseSeconds: number) =>
  statement(
    "progress-job",
    `UPDATE job SET ${CHANGE}, rows_read = $3, rows_to_read = $4, bytes_read = $5, lease_until = now() + make_interval(secs => $6) WHERE ${OF_RUN} RETURNING *`,
    [id, attempt, made.rowsRead, made.rowsToRead, made.bytesRead, leaseSeconds],
  );
/** Ends the run that counts. */
export const endStatement = (id: JobId, attempt: number, end: RunEnd): SqlStatement => {
  switch (end.kind) {
    case "SUCCEEDED":
      return statement(
        "succeed-job",
        `UPDATE job SET state = 'SUCCEEDED', ${CHANGE}, finished_at = now(), lease_until = NULL, result_rows = $3, result_truncated = $5,
           expires_at = now() + make_interval(days => $4) WHERE ${OF_RUN} RETURNING *`,
        [id, attempt, end.resultRows, KEEP_JOB_DAYS, end.truncated],
      );
    case "FAILED":
      return statement(
        "fail-job",
        `UPDATE job SET state = 'FAILED', ${CHANGE}, finished_at = now(), lease_until = NULL, error_code = $3, error_detail = $4 WHERE ${OF_RUN} RETURNING *`,
        [id, attempt, end.code, end.detail],
      );
    case "QUEUED":
      return statement(
        "requeue-job",
        `UPDATE job SET state = 'QUEUED', ${CHANGE}, lease_until = NULL, dispatched_at = now() WHERE ${OF_RUN} RETURNING *`,
        [id, attempt],
      );
  }
};
/** Cancels an unfinished job. */
export const cancelStatement = (tenantId: TenantId, id: JobId) =>
  statement(
    "cancel-job",
    `UPDATE job SET state = 'CANCELLED', ${CHANGE}, finished_at = now(), lease_until = NULL WHERE tenant_id = $1 AND id = $2 AND state IN ('QUEUED', 'RUNNING') RETURNING *`,
    [tenantId, id],
  );
/** Jobs newest first after a place, one more than asked for. */
export const listStatement = (tenantId: TenantId, page: Parameters<JobStore["list"]>[1]) =>
  statement(
    "list-jobs",
    `SELECT * FROM job WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2)
       AND ($3::double precision IS NULL OR (created_at, id) < (to_timestamp($3::double precision / 1000), $4::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [tenantId, page.state, page.after?.createdAtMs ?? null, page.after?.id ?? null, page.first + 1],
  );

/** Finds jobs of a tenant by their ids, in no particular order. */
export const findStatement = (tenantId: TenantId, ids: readonly JobId[]) =>
  statement("find-jobs", "SELECT * FROM job WHERE tenant_id = $1 AND id = ANY($2::uuid[])", [tenantId, ids]);
/** Finds a job of a tenant while it runs. */
export const findRunningStatement = (tenantId: TenantId, id: JobId) =>
  statement("find-running-job", "SELECT * FROM job WHERE tenant_id = $1 AND id = $2 AND state = 'RUNNING'", [
    tenantId,
    id,
  ]);
/** Notes when the job was handed to the queue. */
export const noteDispatchStatement = (tenantId: TenantId, id: JobId) =>
  statement("note-job-dispatch", "UPDATE job SET dispatched_at = now() WHERE tenant_id = $1 AND id = $2", [
    tenantId,
    id,
  ]);
/** Jobs the queue does not know, of all tenants. */
export const undispatchedStatement = (silentSeconds: number, limit: number) =>
  statement(
    "undispatched-jobs-across-tenants",
    "SELECT * FROM undispatched_jobs_across_tenants(make_interval(secs => $1), $2)",
    [silentSeconds, limit],
  );
/** Drops jobs past their time, of all tenants; answers how many. */
export const pruneStatement = (limit: number) =>
  statement("prune-jobs-across-tenants", "SELECT prune_jobs_across_tenants($1) AS count", [limit]);
