import type { ExecutionDecision, ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { backgroundRecord } from "./background-record.ts";
import type { Job, JobState } from "./job.ts";

interface Ended {
  readonly decision: ExecutionDecision;
  readonly code: string | null;
  readonly finishedAtMs: number;
}

const endOf = (state: JobState): Ended | null => {
  switch (state.kind) {
    case "QUEUED":
    case "RUNNING":
      return null;
    case "SUCCEEDED":
      return { decision: "ALLOWED", code: null, finishedAtMs: state.finishedAtMs };
    case "FAILED":
      return { decision: "FAILED", code: state.code, finishedAtMs: state.finishedAtMs };
    case "CANCELLED":
      return { decision: "FAILED", code: "QUERY_CANCELLED", finishedAtMs: state.finishedAtMs };
  }
};

/**
 * The record of a job's execution, under the job's own id; null while it has not ended. What was read is that of the last run; a job that was
 * cancelled before it ran used nothing.
 */
export const jobRecord = (job: Job): ExecutionRecorded | null => {
  const ended = endOf(job.state);
  if (ended === null) return null;
  const { decision, code, finishedAtMs } = ended;
  const { rowsRead, bytesRead } = job.progress;
  const ranMs = job.startedAtMs === null ? 0 : Math.max(0, finishedAtMs - job.startedAtMs);
  return backgroundRecord({
    ...{ executionId: job.id, tenantId: job.tenantId, subject: job.createdBy, objects: [job.id] },
    ...{ operationName: "startQuery", fields: ["Mutation.startQuery"], decision, code },
    used: { rowsRead, bytesRead, storeMs: ranMs, elapsedMs: ranMs },
    startedAtMs: job.startedAtMs ?? job.createdAtMs,
  });
};
