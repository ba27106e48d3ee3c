import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { standingSubject } from "@tessera/platform/auth/standing-subject";
import type { Report, ReportRun } from "./report.ts";

/** The record of a run as an execution of the report's owner, under the run's own id; null while it has not ended. */
export const reportRecord = (
  run: ReportRun,
  { owner }: Pick<Report, "owner">,
  used: { readonly rowsRead: number; readonly bytesRead: number; readonly storeMs: number },
): ExecutionRecorded | null => {
  if (run.state !== "SUCCEEDED" && run.state !== "FAILED") return null;
  const code = run.error?.code ?? null;
  const startedAtMs = run.startedAtMs ?? run.createdAtMs;
  return {
    ...{
      executionId: run.id,
      tenantId: run.tenantId,
      subject: standingSubject(owner) ?? { kind: "SERVICE", id: "reports" },
      grantId: null,
    },
    ...{
      kind: "JOB",
      operationName: "runReport",
      documentId: null,
      fields: ["Mutation.runReportNow"],
      objects: [run.reportId],
    },
    ...{ transport: "in-process", clientAddress: null, decision: code === null ? "ALLOWED" : "FAILED", code },
    usage: {
      ...{ costPoints: 0, rowsRead: used.rowsRead, bytesRead: used.bytesRead, storeMs: used.storeMs },
      elapsedMs: Math.max(0, (run.finishedAtMs ?? startedAtMs) - startedAtMs),
      ...{ responseBytes: 0, events: 0, subscriptionSeconds: 0 },
    },
    traceId: run.id.replaceAll("-", ""),
    startedAtMs,
  };
};
