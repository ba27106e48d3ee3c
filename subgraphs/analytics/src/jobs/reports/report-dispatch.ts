import { isUuid, parseTenantId } from "@tessera/contracts/ids";
import type { JobQueue, QueuePolicy } from "@tessera/platform/queue/queues";
import type { ReportRun } from "../../domain/reports/report.ts";
import type { ReportRunKey, ReportStore } from "../../store/reports/report-store-types.ts";

/** Queue of runs of reports. */
export const REPORT_RUNS = "report-runs";
/** How a run is tried: passing trouble of a store is gone after some seconds, or is an outage. */
export const REPORT_RUN_POLICY: QueuePolicy = { attempts: 4, backoffMs: 2_000 };

const queueIdOf = (tenantId: string, runId: string): string => `${tenantId}_${runId}`;

/** Reads a queue's name of a run; null when it is not one of ours. */
export const keyOfQueuedRun = (queueId: string): ReportRunKey | null => {
  const [tenant = "", runId = ""] = queueId.split("_");
  const tenantId = parseTenantId(tenant);
  return tenantId === null || !isUuid(runId) ? null : { tenantId, runId };
};

/** Hands a run to the queue, which ignores one it already has; the run's fair tag is its priority. */
export const dispatchRun = async (
  deps: { readonly reports: Pick<ReportStore, "noteDispatch">; readonly queue: JobQueue },
  { tenantId, id, fairTag }: Pick<ReportRun, "tenantId" | "id" | "fairTag">,
): Promise<void> => {
  await deps.queue.enqueue(queueIdOf(tenantId, id), fairTag);
  await deps.reports.noteDispatch(tenantId, id);
};
