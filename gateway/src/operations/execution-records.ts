import type { ExecutionResult, FormattedExecutionResult } from "graphql";
import type { Caller } from "@tessera/contracts/caller";
import type { ExecutionDecision, ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { OpenExecutionRecorder } from "@tessera/platform/executions/open-executions";
import type { Meter } from "@tessera/platform/executions/meter";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Admitted, Refused } from "./admission.ts";
import { factsOf } from "./operation-facts.ts";

/** An execution that has come to its end. */
export interface Finished {
  /** The id that opening it gave; an execution that was not opened gets one when it has finished. */
  readonly executionId?: string;
  readonly caller: Caller;
  readonly traceId: string;
  readonly transport: ExecutionRecorded["transport"];
  readonly clientAddress: string | null;
  /** Null when the request did not get as far as a document. */
  readonly verdict: Admitted | Refused | null;
  /** Code of the first error; null when there was none. */
  readonly code: string | null;
  /** True when the answer has data, whatever errors it has beside. */
  readonly hasData: boolean;
  readonly meter: Meter;
  /** Milliseconds from the request to its answer; of a subscription from its beginning to its end. */
  readonly elapsedMs: number;
  readonly responseBytes: number;
}

/** Records executions of the gateway. */
export interface ExecutionRecords {
  /** Refuses with OVERLOADED while no record can be taken. */
  readonly admit: () => void;
  /**
   * An execution that stays open: should the process end before it is finished, what `now` told last is its record. Answers the id it has to be
   * finished under.
   */
  readonly opened: (now: () => Finished) => string;
  /** Resolves when the record can't be lost any more. */
  readonly finished: (execution: Finished) => Promise<void>;
}

const NOTHING = { operationName: null, documentId: null, fields: [], objects: [], kind: "QUERY" } as const;

const whatOf = (verdict: Finished["verdict"]) => {
  if (verdict === null || verdict.kind === "refused") return NOTHING;
  const { kind, operationName, documentId, fields, objectsOf, pageOf } = factsOf(
    verdict.text,
    verdict.document,
    verdict.operation,
  );
  const page = pageOf(verdict.variables);
  const what = { kind, operationName, documentId, fields, objects: objectsOf(verdict.variables) };
  return page === undefined ? what : { ...what, page };
};

const decisionOf = ({ verdict, code, hasData }: Finished): ExecutionDecision => {
  // A field that the caller may not see is a refusal, whatever was answered beside it.
  if (verdict === null || verdict.kind === "refused" || code === "FORBIDDEN") return "REFUSED";
  return code === null || hasData ? "ALLOWED" : "FAILED";
};

/** Code of the first error of a result, formatted or not; null when it has none. */
export const codeOf = (result: Pick<ExecutionResult | FormattedExecutionResult, "errors">): string | null => {
  const first = result.errors?.[0];
  if (first === undefined) return null;
  const code = first.extensions?.["code"];
  return typeof code === "string" ? code : "INTERNAL";
};

/** True when a result has data, whatever errors it has beside. */
export const hasData = ({ data }: Pick<ExecutionResult | FormattedExecutionResult, "data">): boolean =>
  data !== undefined && data !== null;

/** The record of a finished execution. */
export const recordOf = (execution: Finished, executionId: string, nowMs: number): ExecutionRecorded => {
  const { caller, verdict, meter, elapsedMs } = execution;
  const what = whatOf(verdict);
  return {
    executionId,
    tenantId: caller.tenantId,
    subject: caller.subject,
    grantId: caller.grantId,
    ...what,
    transport: execution.transport,
    clientAddress: execution.clientAddress,
    decision: decisionOf(execution),
    code: execution.code,
    usage: {
      ...meter,
      costPoints: verdict?.kind === "admitted" ? verdict.cost : 0,
      elapsedMs,
      responseBytes: execution.responseBytes,
      subscriptionSeconds: what.kind === "SUBSCRIPTION" ? elapsedMs / 1_000 : 0,
    },
    traceId: execution.traceId,
    startedAtMs: Math.round(nowMs - elapsedMs),
  };
};

/** Builds {@link ExecutionRecords} over the process's recorder. */
export const createExecutionRecords = (deps: {
  readonly recorder: Pick<OpenExecutionRecorder, "admit" | "record" | "open">;
  readonly newId: () => string;
  readonly nowMs: NowMs;
}): ExecutionRecords => ({
  admit: deps.recorder.admit,
  opened: (now) => {
    const executionId = deps.newId();
    deps.recorder.open(executionId, () => recordOf(now(), executionId, deps.nowMs()));
    return executionId;
  },
  finished: (execution) =>
    deps.recorder.record(recordOf(execution, execution.executionId ?? deps.newId(), deps.nowMs())),
});
