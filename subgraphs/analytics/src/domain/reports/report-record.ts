import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { standingSubject } from "@tessera/platform/auth/standing-subject";
import { backgroundRecord } from "../background-record.ts";
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
  const elapsedMs = Math.max(0, (run.finishedAtMs ?? startedAtMs) - startedAtMs);
  return backgroundRecord({
    ...{ executionId: run.id, tenantId: run.tenantId, objects: [run.reportId] },
    subject: standingSubject(owner) ?? { kind: "SERVICE", id: "reports" },
    ...{ operationName: "runReport", fields: ["Mutation.runReportNow"] },
    ...{ used: { ...used, elapsedMs }, code, startedAtMs },
  });
};
