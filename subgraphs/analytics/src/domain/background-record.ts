import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";

/** What a job did for somebody who was not calling then. */
export interface BackgroundExecution extends Pick<
  ExecutionRecorded,
  "executionId" | "tenantId" | "subject" | "operationName" | "fields" | "objects" | "code" | "startedAtMs"
> {
  /** `FAILED` where it ended with a code, unless it says otherwise. */
  readonly decision?: ExecutionRecorded["decision"];
  /** What was read, in rows and bytes; milliseconds that the store had to do with it, and that all took. */
  readonly used: Pick<ExecutionRecorded["usage"], "rowsRead" | "bytesRead" | "storeMs" | "elapsedMs">;
}

/** The record of a job as an execution: it came from within, costs no points, and answers nobody. */
export const backgroundRecord = ({ used, ...execution }: BackgroundExecution): ExecutionRecorded => ({
  ...{ grantId: null, kind: "JOB", documentId: null, transport: "in-process", clientAddress: null },
  decision: execution.code === null ? "ALLOWED" : "FAILED",
  ...execution,
  usage: { costPoints: 0, ...used, responseBytes: 0, events: 0, subscriptionSeconds: 0 },
  traceId: execution.executionId.replaceAll("-", ""),
});
