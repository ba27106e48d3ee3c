import { GraphQLError, type ExecutionResult } from "graphql";
import type { Allowance } from "@tessera/platform/executions/allowance";
import type { Meter } from "@tessera/platform/executions/meter";

/** What every call to a subgraph carries; callers extend it with identity, trace and tenant, which connections hand on unread. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined;
  /** Counts what the stores do for the call. */
  readonly meter?: Meter;
  /** What the call's execution may read of the event store; absent or null: no bound near. */
  readonly allowance?: Allowance | null;
}

/** Told once when an operation is ended from outside before it has answered. */
export interface EndListener {
  handleEnd(reason: Error): void;
}

/** One operation for one subgraph, in the words of GraphQL over HTTP. */
export type SubgraphRequest = {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** Ends this one operation; without it the call's own signal does. */
  readonly signal?: AbortSignal | undefined;
  /** The same news for one listener without the price of a signal, at once when it has ended already; absent where only a signal tells. */
  whenEnded?(listener: EndListener): void;
};

/** A way to reach one subgraph; `execute` rejects only when the subgraph gave no GraphQL answer. */
export interface SubgraphConnection<C extends CallContext> {
  readonly name: string;
  execute(request: SubgraphRequest, call: C): Promise<ExecutionResult>;
  /** A refusal arrives as one result with errors and no data, after which the stream ends. */
  subscribe(request: SubgraphRequest, call: C): AsyncIterableIterator<ExecutionResult>;
  close(): Promise<void>;
}

/** Codes of a failed exchange with a subgraph, as clients see them in `extensions.code`. */
export type SubgraphFailureCode = "SUBGRAPH_TIMEOUT" | "SUBGRAPH_UNAVAILABLE" | "SUBGRAPH_INVALID_RESPONSE";

const SENTENCES: Record<SubgraphFailureCode, (service: string) => string> = {
  SUBGRAPH_TIMEOUT: (service) => `The service "${service}" did not answer in time.`,
  SUBGRAPH_UNAVAILABLE: (service) => `The service "${service}" is not available.`,
  SUBGRAPH_INVALID_RESPONSE: (service) => `The service "${service}" gave an answer that cannot be used.`,
};

/** The client's view of a failed exchange: names the service and a code, never the cause, which stays on `originalError`. */
export const subgraphFailure = (service: string, code: SubgraphFailureCode, cause?: unknown): GraphQLError =>
  new GraphQLError(SENTENCES[code](service), {
    extensions: { code, service },
    ...(cause instanceof Error ? { originalError: cause } : {}),
  });

/** Thrown when the caller gave up: nobody is left to answer, and no subgraph is to blame. */
export class CallCancelled extends Error {
  override readonly name = "CallCancelled";
}
