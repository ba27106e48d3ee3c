import type { Caller } from "@tessera/contracts/caller";
import type { ExecutionKind, ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { problemFromThrown } from "@tessera/platform/errors/problem";
import type { ExecutionRecorder } from "@tessera/platform/executions/execution-recorder";
import { meaningOfError } from "@tessera/platform/http/server";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RouteDescription } from "./route-description.ts";

/** A request of a known caller that the bridge refused before it asked the graph. */
export interface RefusedRequest {
  readonly caller: Caller;
  readonly description: Pick<RouteDescription, "method" | "path" | "graphql">;
  readonly transport: "rest" | "websocket";
  readonly clientAddress: string;
  readonly traceId: string;
  readonly elapsedMs: number;
  readonly thrown: unknown;
}

/** Records what the graph is never asked, and so does not record: exactly one record, as of every other operation, with names and no payload. */
export type RecordRefusal = (refused: RefusedRequest) => Promise<void>;

const KINDS: Readonly<Record<string, ExecutionKind>> = {
  Query: "QUERY",
  Mutation: "MUTATION",
  Subscription: "SUBSCRIPTION",
};
const ROOT_FIELD = /^(Query|Mutation|Subscription)\.\w+$/;
const NOTHING_USED = {
  ...{ costPoints: 0, rowsRead: 0, bytesRead: 0, storeMs: 0 },
  ...{ responseBytes: 0, events: 0, subscriptionSeconds: 0 },
};
/** From this status on it is no refusal but a failure. */
const FAILURE_STATUS = 500;

const recordOf = (refused: RefusedRequest, executionId: string, nowMs: number): ExecutionRecorded => {
  const { caller, description, elapsedMs, transport, clientAddress, traceId } = refused;
  const { code, status } = problemFromThrown(meaningOfError(refused.thrown), { traceId });
  const [field, root = ""] = ROOT_FIELD.exec(description.graphql ?? "") ?? [];
  return {
    executionId,
    tenantId: caller.tenantId,
    subject: caller.subject,
    grantId: caller.grantId,
    kind: KINDS[root] ?? (description.method === "get" ? "QUERY" : "MUTATION"),
    // The path as it is described: what a caller put into it is not recorded.
    operationName: `${description.method.toUpperCase()} ${description.path}`,
    documentId: null,
    fields: field === undefined ? [] : [field],
    objects: [],
    ...{ transport, clientAddress, code, traceId },
    decision: status >= FAILURE_STATUS ? "FAILED" : "REFUSED",
    usage: { ...NOTHING_USED, elapsedMs },
    startedAtMs: Math.round(nowMs - elapsedMs),
  };
};

/** Builds {@link RecordRefusal} over the process's recorder. */
export const createRefusalRecords =
  (deps: {
    readonly recorder: Pick<ExecutionRecorder, "record">;
    readonly newId: () => string;
    readonly nowMs: NowMs;
  }): RecordRefusal =>
  (refused) =>
    deps.recorder.record(recordOf(refused, deps.newId(), deps.nowMs()));
