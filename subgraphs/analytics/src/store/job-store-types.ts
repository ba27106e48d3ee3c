import type { JobId, TenantId } from "@tessera/contracts/ids";
import type { Job, JobProgress, JobStateName } from "../domain/job.ts";

/** Days a finished job and its result are kept; the result table's TTL is the same. */
export const KEEP_JOB_DAYS = 7;

/** What a new job is made of. */
export interface NewJob {
  readonly id: JobId;
  readonly kind: "OLAP" | "BACKTEST" | "BEHAVIOUR";
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
