import type { ExecutionResult } from "graphql";
import { Pool, type Dispatcher } from "undici";
import { CallCancelled, type CallContext, type SubgraphConnection, type SubgraphRequest } from "./connection.ts";
import { subscribeOverWebSocket, type WebSocketOptions } from "./web-socket.ts";

/** Where a remote subgraph is and how it is told who calls. */
export type HttpOptions<C extends CallContext> = {
  readonly name: string;
  /** The endpoint that answers GraphQL over HTTP. */
  readonly url: string;
  /** Headers for one call, such as a signed identity; given the body, so that it may be signed too. */
  readonly headers?: (call: C, body: string) => Promise<Readonly<Record<string, string>>>;
  /** Milliseconds to wait for headers, and between two pieces of a body. */
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  /** Sockets kept to this subgraph. */
  readonly maxSockets?: number;
  /** Parameters of a graphql-ws connection, for subscriptions. */
  readonly connectionParams?: WebSocketOptions<C>["connectionParams"];
  /** The graphql-ws endpoint; by default `url` with ws(s) for http(s). */
  readonly subscriptionUrl?: string;
};

/** Behind the guard's own deadline, so that a socket the guard gave up is not held for ever. */
const TIMEOUT_MS = 30_000;
/** An entity fetch for a capped list of 1,000 rows is some hundreds of kilobytes; beyond this an answer is a mistake. */
const MAX_RESPONSE_BYTES = 33_554_432;
/** More sockets than a subgraph process works on at once only wait there instead of here. */
const MAX_SOCKETS = 128;

const HEADERS = { "content-type": "application/json", accept: "application/json" } as const;

type Sent = { readonly statusCode: number; readonly body: string };

const isResult = (value: unknown): value is ExecutionResult =>
  typeof value === "object" &&
  value !== null &&
  ("data" in value || ("errors" in value && Array.isArray(value.errors)));

/** A GraphQL answer whatever its status code says; anything else is no answer. */
const parseResult = ({ statusCode, body }: Sent): ExecutionResult => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Error(`status ${statusCode} with a body that is not JSON`);
  }
  if (isResult(parsed)) return parsed;
  throw new Error(`status ${statusCode} with a body that is not a GraphQL response`);
};

/** Collects one response on undici's lowest level: no stream object is made for an answer that is read whole. */
const collect = (
  limit: number,
  settle: { resolve: (sent: Sent) => void; reject: (error: Error) => void },
): { handler: Dispatcher.DispatchHandler; abort: (reason: Error) => void } => {
  const chunks: Buffer[] = [];
  let size = 0;
  let statusCode = 0;
  let running: Dispatcher.DispatchController | undefined;
  let aborted: Error | undefined;
  const abort = (reason: Error) => {
    aborted ??= reason;
    settle.reject(aborted);
    running?.abort(aborted);
  };
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      running = controller;
      if (aborted !== undefined) controller.abort(aborted);
    },
    onResponseStart(_controller, status) {
      statusCode = status;
    },
    onResponseData(_controller, chunk) {
      size += chunk.length;
      if (size > limit) abort(new Error(`the answer is larger than ${limit} bytes`));
      else chunks.push(chunk);
    },
    onResponseEnd() {
      const [first] = chunks;
      const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
      settle.resolve({ statusCode, body: whole.toString("utf8") });
    },
    onResponseError(_controller, error) {
      settle.reject(error);
    },
  };
  return { handler, abort };
};

/** A subgraph in another process: one POST per operation over kept sockets, and graphql-ws for subscriptions. */
export const createHttpConnection = <C extends CallContext>(options: HttpOptions<C>): SubgraphConnection<C> => {
  const { name, timeoutMs = TIMEOUT_MS, maxResponseBytes = MAX_RESPONSE_BYTES } = options;
  const url = new URL(options.url);
  const pool = new Pool(url.origin, { connections: options.maxSockets ?? MAX_SOCKETS, pipelining: 1 });
  const path = `${url.pathname}${url.search}`;

  const post = (body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined) =>
    new Promise<Sent>((resolve, reject) => {
      const { handler, abort } = collect(maxResponseBytes, {
        resolve: (sent) => {
          signal?.removeEventListener("abort", cancel);
          resolve(sent);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", cancel);
          reject(error);
        },
      });
      const cancel = () => abort(new CallCancelled("the caller gave up"));
      signal?.addEventListener("abort", cancel, { once: true });
      const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
      pool.dispatch({ path, method: "POST", headers: { ...HEADERS, ...headers }, body, ...timeouts }, handler);
    });

  return {
    name,
    async execute(request: SubgraphRequest, call: C) {
      const signal = request.signal ?? call.signal;
      if (signal?.aborted === true) throw new CallCancelled("the caller gave up");
      const { query, operationName, variables } = request;
      const body = JSON.stringify({ query, operationName, variables });
      const headers = options.headers === undefined ? {} : await options.headers(call, body);
      return parseResult(await post(body, headers, signal));
    },
    subscribe: (request, call) =>
      subscribeOverWebSocket(
        { ...options, url: options.subscriptionUrl ?? options.url, maxResponseBytes },
        request,
        call,
      ),
    close: () => pool.close(),
  };
};
