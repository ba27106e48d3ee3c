import type { Subject } from "@tessera/contracts/caller";
import type { JobId, TenantId } from "@tessera/contracts/ids";

/** Where a job stands; each state carries what only it has. */
export type JobState =
  | { readonly kind: "QUEUED" }
  | { readonly kind: "RUNNING"; readonly startedAtMs: number }
  | {
      readonly kind: "SUCCEEDED";
      readonly finishedAtMs: number;
      readonly resultRows: number;
      /** True when the answer had more rows than the job may keep. */
      readonly truncated: boolean;
    }
  | { readonly kind: "FAILED"; readonly finishedAtMs: number; readonly code: string; readonly detail: string }
  | { readonly kind: "CANCELLED"; readonly finishedAtMs: number };

/** Name of a {@link JobState}. */
export type JobStateName = JobState["kind"];

/** What the engine has read so far. `rowsToRead` is its own estimate, null until it has one. */
export interface JobProgress {
  readonly rowsRead: number;
  readonly rowsToRead: number | null;
  readonly bytesRead: number;
}

/** A long query and what became of it. */
export interface Job {
  readonly id: JobId;
  readonly tenantId: TenantId;
  readonly state: JobState;
  readonly revision: number;
  readonly attempt: number;
  readonly fairTag: number;
  readonly progress: JobProgress;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Who started it. */
  readonly createdBy: Subject;
  /** When a run of it first began; null while none did. */
  readonly startedAtMs: number | null;
  readonly input: unknown;
}

/** True for a state that no later one follows. */
export const isFinished = (state: JobState): boolean => {
  switch (state.kind) {
    case "QUEUED":
    case "RUNNING":
      return false;
    case "SUCCEEDED":
    case "FAILED":
    case "CANCELLED":
      return true;
  }
};

/** Percent done, 0 to 100: 100 only for a finished job, at most 99 while it runs, 0 while the engine has not said how much there is. */
export const percentOf = (job: Pick<Job, "state" | "progress">): number => {
  if (job.state.kind === "SUCCEEDED") return 100;
  const { rowsRead, rowsToRead } = job.progress;
  if (rowsToRead === null || rowsToRead <= 0) return 0;
  return Math.min(99, Math.floor((100 * rowsRead) / rowsToRead));
};

/** Errors of a run that another try may not meet; all others would come again. */
const PASSING = ["DEPENDENCY_UNAVAILABLE", "OVERLOADED", "INTERNAL"];

/** What follows a failed run: another try, or the end. */
export const afterFailure = (code: string, lastAttempt: boolean): "RETRY" | "FAIL" =>
  PASSING.includes(code) && !lastAttempt ? "RETRY" : "FAIL";
