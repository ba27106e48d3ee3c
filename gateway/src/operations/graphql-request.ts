import type { Caller } from "@tessera/contracts/caller";
import type { Allowance } from "@tessera/platform/executions/allowance";
import type { Meter } from "@tessera/platform/executions/meter";

/** Variables as a client sent them. */
export type RawVariables = Readonly<Record<string, unknown>>;

/** One operation a client asks for, in the words of GraphQL over HTTP; either `query` or `documentId` names the document. */
export interface GraphqlRequest {
  readonly query?: string | undefined;
  /** Id of a persisted operation: `sha256:<hex>`. */
  readonly documentId?: string | undefined;
  readonly operationName?: string | undefined;
  readonly variables?: RawVariables | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** How a request came in. In-process callers are code of this product, so that their documents count as registered. */
export type Transport = "http" | "websocket" | "in-process";

/** What every call to a subgraph carries. */
export interface GatewayCall {
  readonly caller: Caller;
  /** W3C trace id, 32 hex digits. */
  readonly traceId: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Counts what the call uses, in whatever process it is done; absent where nobody is charged. */
  readonly meter?: Meter;
  /** What the operation may read of the event store; absent or null: no bound near. */
  readonly allowance?: Allowance | null;
}
