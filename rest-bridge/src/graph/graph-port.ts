import type { Caller } from "@tessera/contracts/caller";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { z } from "zod";

/** An error of the graph as it travels: its code is one of the error table. */
export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What the graph answers to one operation. */
export interface GraphResult {
  readonly data?: unknown;
  readonly errors?: readonly GraphError[] | undefined;
}

/** An answer with the response headers that tell about the caller's rate limit; none while the limit is off. */
export interface GraphAnswer extends GraphResult {
  readonly rateLimit: Readonly<Record<string, string>>;
}

/** One persisted operation on behalf of a caller. */
export interface GraphCall {
  readonly caller: Caller;
  /** Id of a persisted operation: `sha256:<hex>`. */
  readonly documentId: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** W3C trace id, 32 hex digits. */
  readonly traceId: string;
  /** Where the request came from. */
  readonly clientAddress: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a subscription's messages go; after `end` nothing more comes. */
export interface GraphSink {
  readonly next: (result: GraphResult) => void;
  readonly end: (reason: StreamEnd) => void;
}

/** Why a subscription ended. */
export type StreamEnd =
  | { readonly kind: "complete" }
  | { readonly kind: "refused"; readonly errors: readonly GraphError[] }
  /** The connection to the graph was closed, with the graphql-ws close code and sentence. */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };

/** A subscription under way. */
export interface GraphSubscription {
  readonly stop: () => void;
  /** Tells the graph that the caller's credential was looked at again; unconfirmed for too long, or with other rights, the graph ends the subscription. */
  readonly confirm: (caller: Caller) => void;
}

/** The graph as the bridge sees it, in this process or another. */
export interface GraphPort {
  /** Answers a query; throws a refusal when the graph can't be reached. */
  readonly execute: (call: GraphCall) => Promise<GraphAnswer>;
  readonly subscribe: (call: Omit<GraphCall, "signal">, sink: GraphSink) => GraphSubscription;
}

const meta = z.object({ __meta__: z.object({ hash: z.string().regex(/^sha256:[0-9a-f]{64}$/) }) });

/** The id under which a generated document is persisted; throws when it was generated without one. */
export const documentIdOf = <Data, Variables>(document: TypedDocumentNode<Data, Variables>): string =>
  meta.parse(document).__meta__.hash;
