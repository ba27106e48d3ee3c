import type { ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { CallContext, SubgraphRequest } from "./connection.ts";
import { lazyStream } from "./stream.ts";

/** How a subscription reaches a remote subgraph. */
export type WebSocketOptions<C extends CallContext> = {
  readonly name: string;
  /** http(s) or ws(s); the subgraph speaks graphql-transport-ws there. */
  readonly url: string;
  readonly connectionParams?: ((call: C) => Promise<Readonly<Record<string, unknown>>>) | undefined;
  readonly maxResponseBytes: number;
  /** Events that may wait for a slow reader. */
  readonly maxPendingEvents?: number;
};

/** A reader this far behind is not going to catch up; the stream ends and its cursor resumes it. */
const MAX_PENDING_EVENTS = 1_000;

type Waiting = { resolve: (step: IteratorResult<ExecutionResult>) => void; reject: (error: Error) => void };

/** A pushed sequence read by `next`, which fails rather than grow beyond its limit. */
const createInbox = (limit: number) => {
  const events: ExecutionResult[] = [];
  const waiting: Waiting[] = [];
  let end: Error | "complete" | undefined;
  const finish = (reason: Error | "complete") => {
    end ??= reason;
    for (const reader of waiting.splice(0)) settle(reader);
  };
  const settle = ({ resolve, reject }: Waiting) => {
    const event = events.shift();
    if (event !== undefined) resolve({ done: false, value: event });
    else if (end === "complete") resolve({ done: true, value: undefined });
    else if (end !== undefined) reject(end);
    else waiting.push({ resolve, reject });
  };
  return {
    push(event: ExecutionResult) {
      if (end !== undefined) return;
      const reader = waiting.shift();
      if (reader !== undefined) reader.resolve({ done: false, value: event });
      else if (events.length < limit) events.push(event);
      else finish(new Error(`the reader fell ${limit} events behind`));
    },
    finish,
    next: () => new Promise<IteratorResult<ExecutionResult>>((resolve, reject) => settle({ resolve, reject })),
  };
};

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error("the socket was closed"));

/**
 * Subscribes over a socket of its own: a subgraph learns who calls when a socket opens, so callers cannot share one.
 * No retry: what was missed meanwhile is known to whoever holds the subscription's cursor.
 */
export const subscribeOverWebSocket = <C extends CallContext>(
  options: WebSocketOptions<C>,
  request: SubgraphRequest,
  call: C,
): AsyncIterableIterator<ExecutionResult> => {
  class BoundedSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { maxPayload: options.maxResponseBytes });
    }
  }
  const inbox = createInbox(options.maxPendingEvents ?? MAX_PENDING_EVENTS);
  const client = createClient({
    url: options.url.replace(/^http/, "ws"),
    webSocketImpl: BoundedSocket,
    retryAttempts: 0,
    connectionParams: async () => ({ ...(await options.connectionParams?.(call)) }),
  });
  const signal = request.signal ?? call.signal;
  let unsubscribe: () => void = () => {};
  const stream = lazyStream(
    () => {
      const { query, operationName, variables } = request;
      unsubscribe = client.subscribe<ExecutionResult["data"]>(
        { query, operationName: operationName ?? null, variables: { ...variables } },
        {
          next: ({ data, errors }) =>
            inbox.push({
              ...(data === undefined ? {} : { data }),
              ...(errors === undefined ? {} : { errors }),
            } as ExecutionResult), // boundary: the protocol's formatted errors
          error: (error) => {
            if (Array.isArray(error)) inbox.push({ errors: error });
            inbox.finish(Array.isArray(error) ? "complete" : asError(error));
          },
          complete: () => inbox.finish("complete"),
        },
      );
      return Promise.resolve({
        next: inbox.next,
        return: () => Promise.resolve({ done: true as const, value: undefined }),
      });
    },
    () => {
      unsubscribe();
      signal?.removeEventListener("abort", cancel);
      void client.dispose();
    },
  );
  const cancel = () => void stream.return?.();
  signal?.addEventListener("abort", cancel, { once: true });
  return stream;
};
