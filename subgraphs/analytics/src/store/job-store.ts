import { JOB_CHANGED, type JobChanged } from "@tessera/contracts/events/job-changed";
import { parseJobId, parseTenantId, type JobId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Job, JobProgress, JobStateName } from "../domain/job.ts";
import { parseJobRow } from "./job-rows.ts";

/** Days a finished job and its result are kept; the result table's TTL is the same. */
export const KEEP_JOB_DAYS = 7;

/** What a new job is made of. */
export interface NewJob {
  readonly id: JobId;
  readonly input: unknown;
  readonly createdBy: string;
  /** The caller's own key: a second start with it gives the first job. */
  readonly idempotencyKey: string | null;
}

/** How beginning a run went. */
export type Begin =
  | { readonly kind: "BEGUN"; readonly job: Job }
  /** The tenant already runs as many as it may, or another worker still holds the job. */
  | { readonly kind: "WAIT" }
  /** Finished or gone: nothing to run. */
  | { readonly kind: "NOTHING" };

/** How a run ended. */
export type RunEnd =
  | { readonly kind: "SUCCEEDED"; readonly resultRows: number; readonly truncated: boolean }
  | { readonly kind: "FAILED"; readonly code: string; readonly detail: string }
  | { readonly kind: "QUEUED" };

/** A job's name across tenants. */
export interface JobKey {
  readonly tenantId: TenantId;
  readonly jobId: JobId;
}

/** Jobs in PostgreSQL; every change of a job and the event that tells of it commit together. */
export interface JobStore {
  create(tenantId: TenantId, job: NewJob, maxUnfinished: number): Promise<Job | "TOO_MANY">;
  find(tenantId: TenantId, id: JobId): Promise<Job | null>;
  findMany(tenantId: TenantId, ids: readonly JobId[]): Promise<readonly Job[]>;
  /** Newest first, after a place; one more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    page: {
      readonly first: number;
      readonly after: { readonly createdAtMs: number; readonly id: string } | null;
      readonly state: JobStateName | null;
    },
  ): Promise<readonly Job[]>;
  /** Notes that the job was handed to the queue. */
  noteDispatch(tenantId: TenantId, id: JobId): Promise<void>;
  begin(
    tenantId: TenantId,
    id: JobId,
    limits: { readonly maxRunning: number; readonly leaseSeconds: number },
  ): Promise<Begin>;
  /** Renews the lease and tells progress; false when this run is no longer the one that counts. */
  progress(
    tenantId: TenantId,
    id: JobId,
    attempt: number,
    progress: JobProgress,
    leaseSeconds: number,
  ): Promise<boolean>;
  /** Ends a run; false when this run is no longer the one that counts. */
  end(tenantId: TenantId, id: JobId, attempt: number, end: RunEnd): Promise<boolean>;
  /** Cancels an unfinished job at once; the worker that runs it learns of it from the event log. */
  cancel(tenantId: TenantId, id: JobId): Promise<Job | null>;
  undispatchedAcrossTenants(silentSeconds: number, limit: number): Promise<readonly JobKey[]>;
  pruneAcrossTenants(limit: number): Promise<number>;
}

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const countRow = (row: unknown): number => z.object({ count: z.coerce.number() }).parse(row).count;
const keyRow = (row: unknown): JobKey | null => {
  const { tenant_id, id } = z.object({ tenant_id: z.string(), id: z.string() }).parse(row);
  const [tenantId, jobId] = [parseTenantId(tenant_id), parseJobId(id)];
  return tenantId === null || jobId === null ? null : { tenantId, jobId };
};

const CHANGE = "revision = revision + 1";
const OF_RUN = "id = $1 AND attempt = $2 AND state = 'RUNNING'";

const countUnfinished = (tenantId: TenantId) =>
  statement(
    "count-unfinished-jobs",
    "SELECT count(*) FROM job WHERE tenant_id = $1 AND state IN ('QUEUED', 'RUNNING')",
    [tenantId],
  );
const countRunning = (tenantId: TenantId, except: JobId) =>
  statement(
    "count-running-jobs",
    "SELECT count(*) FROM job WHERE tenant_id = $1 AND state = 'RUNNING' AND lease_until > now() AND id <> $2",
    [tenantId, except],
  );
/** One decision at a time per tenant, until the transaction ends. */
const lockTenant = (tenantId: TenantId) =>
  statement("lock-jobs-of-tenant", "SELECT pg_advisory_xact_lock(hashtextextended($1, 7)) IS NULL AS locked", [
    `job:${tenantId}`,
  ]);
const findByKey = (tenantId: TenantId, key: string) =>
  statement("find-job-by-key", "SELECT * FROM job WHERE tenant_id = $1 AND idempotency_key = $2", [tenantId, key]);
const insert = (tenantId: TenantId, job: NewJob) =>
  statement(
    "insert-job",
    `INSERT INTO job (id, tenant_id, kind, input, created_by, idempotency_key, fair_tag, expires_at)
     VALUES ($1, $2, 'OLAP', $3::jsonb, $4, $5, job_fair_tag_across_tenants($2), now() + make_interval(days => $6)) RETURNING *`,
    [job.id, tenantId, JSON.stringify(job.input), job.createdBy, job.idempotencyKey, KEEP_JOB_DAYS],
  );
const begin = (tenantId: TenantId, id: JobId, leaseSeconds: number) =>
  statement(
    "begin-job",
    `UPDATE job SET state = 'RUNNING', ${CHANGE}, attempt = attempt + 1, started_at = coalesce(started_at, now()),
       rows_read = 0, rows_to_read = NULL, bytes_read = 0, lease_until = now() + make_interval(secs => $3)
     WHERE tenant_id = $1 AND id = $2 AND (state = 'QUEUED' OR (state = 'RUNNING' AND lease_until <= now())) RETURNING *`,
    [tenantId, id, leaseSeconds],
  );
const progress = (id: JobId, attempt: number, made: JobProgress, leaseSeconds: number) =>
  statement(
    "progress-job",
    `UPDATE job SET ${CHANGE}, rows_read = $3, rows_to_read = $4, bytes_read = $5, lease_until = now() + make_interval(secs => $6) WHERE ${OF_RUN} RETURNING *`,
    [id, attempt, made.rowsRead, made.rowsToRead, made.bytesRead, leaseSeconds],
  );
const endStatement = (id: JobId, attempt: number, end: RunEnd): SqlStatement => {
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
const cancel = (tenantId: TenantId, id: JobId) =>
  statement(
    "cancel-job",
    `UPDATE job SET state = 'CANCELLED', ${CHANGE}, finished_at = now(), lease_until = NULL WHERE tenant_id = $1 AND id = $2 AND state IN ('QUEUED', 'RUNNING') RETURNING *`,
    [tenantId, id],
  );
const list = (tenantId: TenantId, page: Parameters<JobStore["list"]>[1]) =>
  statement(
    "list-jobs",
    `SELECT * FROM job WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2)
       AND ($3::double precision IS NULL OR (created_at, id) < (to_timestamp($3::double precision / 1000), $4::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [tenantId, page.state, page.after?.createdAtMs ?? null, page.after?.id ?? null, page.first + 1],
  );

/** Builds {@link JobStore}. */
export const createJobStore = (deps: { sql: TenantSql; eventLog: EventLog }): JobStore => {
  const { sql, eventLog } = deps;
  const tell = async (transaction: SqlTransaction, job: Job): Promise<Job> => {
    const payload: JobChanged = { tenantId: job.tenantId, jobId: job.id, revision: job.revision };
    await eventLog.appendWith(transaction, {
      tenantId: job.tenantId,
      topic: JOB_CHANGED,
      dedupeKey: `${job.id}:${job.revision}`,
      payload,
    });
    return job;
  };
  const change = (tenantId: TenantId, one: SqlStatement): Promise<Job | null> =>
    sql.transaction(tenantId, async (transaction) => {
      const [job] = await transaction.run(one, parseJobRow);
      return job === undefined ? null : tell(transaction, job);
    });
  const find = async (tenantId: TenantId, id: JobId): Promise<Job | null> =>
    (
      await sql.run(
        tenantId,
        statement("find-job", "SELECT * FROM job WHERE tenant_id = $1 AND id = $2", [tenantId, id]),
        parseJobRow,
      )
    )[0] ?? null;
  return {
    create: (tenantId, job, maxUnfinished) =>
      sql.transaction(tenantId, async (transaction) => {
        await transaction.run(lockTenant(tenantId), () => null);
        const [known] =
          job.idempotencyKey === null
            ? []
            : await transaction.run(findByKey(tenantId, job.idempotencyKey), parseJobRow);
        if (known !== undefined) return known;
        const [unfinished = 0] = await transaction.run(countUnfinished(tenantId), countRow);
        if (unfinished >= maxUnfinished) return "TOO_MANY";
        const [created] = await transaction.run(insert(tenantId, job), parseJobRow);
        if (created === undefined) throw new Error("The job was not stored.");
        return tell(transaction, created);
      }),
    find,
    findMany: (tenantId, ids) =>
      sql.run(
        tenantId,
        statement("find-jobs", "SELECT * FROM job WHERE tenant_id = $1 AND id = ANY($2::uuid[])", [tenantId, ids]),
        parseJobRow,
      ),
    list: (tenantId, page) => sql.run(tenantId, list(tenantId, page), parseJobRow),
    noteDispatch: async (tenantId, id) => {
      await sql.run(
        tenantId,
        statement("note-job-dispatch", "UPDATE job SET dispatched_at = now() WHERE tenant_id = $1 AND id = $2", [
          tenantId,
          id,
        ]),
        () => null,
      );
    },
    begin: (tenantId, id, limits) =>
      sql.transaction(tenantId, async (transaction): Promise<Begin> => {
        await transaction.run(lockTenant(tenantId), () => null);
        const [running = 0] = await transaction.run(countRunning(tenantId, id), countRow);
        if (running >= limits.maxRunning) return { kind: "WAIT" };
        const [job] = await transaction.run(begin(tenantId, id, limits.leaseSeconds), parseJobRow);
        if (job !== undefined) return { kind: "BEGUN", job: await tell(transaction, job) };
        const held = statement(
          "is-job-running",
          "SELECT * FROM job WHERE tenant_id = $1 AND id = $2 AND state = 'RUNNING'",
          [tenantId, id],
        );
        return (await transaction.run(held, parseJobRow)).length > 0 ? { kind: "WAIT" } : { kind: "NOTHING" };
      }),
    progress: async (tenantId, id, attempt, made, leaseSeconds) =>
      (await change(tenantId, progress(id, attempt, made, leaseSeconds))) !== null,
    end: async (tenantId, id, attempt, end) => (await change(tenantId, endStatement(id, attempt, end))) !== null,
    cancel: (tenantId, id) => change(tenantId, cancel(tenantId, id)),
    undispatchedAcrossTenants: async (silentSeconds, limit) => {
      const one = statement(
        "undispatched-jobs-across-tenants",
        "SELECT * FROM undispatched_jobs_across_tenants(make_interval(secs => $1), $2)",
        [silentSeconds, limit],
      );
      return (await sql.runAcrossTenants(one, keyRow)).filter((key) => key !== null);
    },
    pruneAcrossTenants: async (limit) =>
      (
        await sql.runAcrossTenants(
          statement("prune-jobs-across-tenants", "SELECT prune_jobs_across_tenants($1) AS count", [limit]),
          countRow,
        )
      )[0] ?? 0,
  };
};
