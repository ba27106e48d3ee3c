import type { Caller } from "@tessera/contracts/caller";
import type { ExecutionDecision, ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { IngestReceipt } from "@tessera/contracts/ingest";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { ExecutionRecorder } from "@tessera/platform/executions/execution-recorder";
import { v7 as newUuid } from "uuid";

/** A request to the events route, as its record names it. */
export interface IngestRequest {
  readonly caller: Caller;
  readonly clientAddress: string;
  readonly traceId: string;
  /** Name of the route. */
  readonly operationName: string;
}

interface Outcome {
  readonly decision: ExecutionDecision;
  readonly code: string | null;
  readonly events: number;
}

const recordOf = (request: IngestRequest, outcome: Outcome, elapsedMs: number, nowMs: number): ExecutionRecorded => {
  const { caller, clientAddress, traceId, operationName } = request;
  const { decision, code, events } = outcome;
  const nothingRead = {
    costPoints: 0,
    rowsRead: 0,
    bytesRead: 0,
    storeMs: 0,
    responseBytes: 0,
    subscriptionSeconds: 0,
  };
  return {
    executionId: newUuid(),
    tenantId: caller.tenantId,
    subject: caller.subject,
    grantId: caller.grantId,
    kind: "INGEST",
    ...{ operationName, documentId: null, fields: [], objects: [] },
    transport: "rest",
    ...{ clientAddress, decision, code },
    usage: { ...nothingRead, elapsedMs, events },
    traceId,
    startedAtMs: Math.round(nowMs - elapsedMs),
  };
};

const outcomeOfError = (error: unknown): Outcome => {
  const code = error instanceof Refusal ? error.code : "INTERNAL";
  return { decision: code === "FORBIDDEN" || code === "RATE_LIMITED" ? "REFUSED" : "FAILED", code, events: 0 };
};

const outcomeOfReceipt = ({ accepted, duplicate }: IngestReceipt): Outcome =>
  accepted + duplicate > 0
    ? { decision: "ALLOWED", code: null, events: accepted }
    : { decision: "FAILED", code: "EVENTS_REJECTED", events: 0 };

/** Takes events in and records it, whatever comes of it, before the sender is answered. */
export const recordIngest = async (
  recorder: Pick<ExecutionRecorder, "admit" | "record">,
  request: IngestRequest,
  take: () => Promise<IngestReceipt>,
): Promise<IngestReceipt> => {
  recorder.admit();
  const startedMs = performance.now();
  const record = (outcome: Outcome): Promise<void> =>
    recorder.record(recordOf(request, outcome, performance.now() - startedMs, Date.now()));
  const receipt = await take().catch(async (error: unknown) => {
    await record(outcomeOfError(error));
    throw error;
  });
  await record(outcomeOfReceipt(receipt));
  return receipt;
};
