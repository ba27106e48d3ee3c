import type { JobId, TenantId } from "../ids.ts";

/** Topic on which {@link JobChanged} is told. */
export const JOB_CHANGED = "job.changed";

/** Told whenever a job's state or progress changes; the job itself is read from its store. */
export interface JobChanged {
  readonly tenantId: TenantId;
  readonly jobId: JobId;
  /** Grows with each change of the job; a reader ignores a revision it has already seen. */
  readonly revision: number;
  /** Where it stands by this change; absent in entries of former versions. */
  readonly state?: "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";
}
