import { parseJobId, parseTenantId } from "@tessera/contracts/ids";
import type { JobQueue, QueuePolicy } from "@tessera/platform/queue/queues";
import type { Job } from "../domain/job.ts";
import type { JobKey, JobStore } from "../store/job-store-types.ts";

/** Queue of long queries. */
export const LONG_QUERIES = "long-queries";
/** How a long query is tried: passing trouble of a store is gone after some seconds, or is an outage. */
export const LONG_QUERY_POLICY: QueuePolicy = { attempts: 4, backoffMs: 1_000 };

/** Name of a job in the queue. */
export const queueIdOf = ({ tenantId, jobId }: JobKey): string => `${tenantId}_${jobId}`;

/** Reads a queue's name of a job; null when it is not one of ours. */
export const keyOfQueueId = (queueId: string): JobKey | null => {
  const [tenant = "", job = ""] = queueId.split("_");
  const [tenantId, jobId] = [parseTenantId(tenant), parseJobId(job)];
  return tenantId === null || jobId === null ? null : { tenantId, jobId };
};

/** Hands a job to the queue, which ignores one it already has; the job's fair tag is its priority. */
export const dispatchJob = async (deps: { jobs: JobStore; queue: JobQueue }, job: Job): Promise<void> => {
  await deps.queue.enqueue(queueIdOf({ tenantId: job.tenantId, jobId: job.id }), job.fairTag);
  await deps.jobs.noteDispatch(job.tenantId, job.id);
};
