import type { ExecutionResult } from "graphql";
import { addMeterText, METER_HEADER, type Meter } from "@tessera/platform/executions/meter";
import { LRUCache } from "lru-cache";
import { Pool, type Dispatcher } from "undici";
import {
  CallCancelled,
  type CallContext,
  type EndListener,
  type SubgraphConnection,
  type SubgraphRequest,
} from "./connection.ts";
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

/** Operations whose bodies are kept begun: a product's stored operations fit; an ad hoc one costs its text's JSON when it falls out. */
const MAX_BEGUN_BODIES = 1_000;

/** Writes bodies of GraphQL over HTTP; what an operation's text settles of its body is written once. */
const createBodies = () => {
  const begun = new LRUCache<string, string>({ max: MAX_BEGUN_BODIES });
  return ({ query, operationName, variables }: SubgraphRequest): string => {
    const key = operationName === undefined ? query : `${operationName}\n${query}`;
    let beginning = begun.get(key);
    if (beginning === undefined) {
      beginning = JSON.stringify({ query, operationName }).slice(0, -1);
      begun.set(key, beginning);
    }
    return variables === undefined ? `${beginning}}` : `${beginning},"variables":${JSON.stringify(variables)}}`;
  };
};

const HEADERS = ["content-type", "application/json", "accept", "application/json"] as const;

const isResult = (value: unknown): value is ExecutionResult =>
  typeof value === "object" &&
  value !== null &&
  ("data" in value || ("errors" in value && Array.isArray(value.errors)));

/** A GraphQL answer whatever its status code says; anything else is no answer. */
const parseResult = (statusCode: number, body: string): ExecutionResult => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Error(`status ${statusCode} with a body that is not JSON`);
  }
  if (isResult(parsed)) return parsed;
  throw new Error(`status ${statusCode} with a body that is not a GraphQL response`);
};

/**
 * One POST on undici's lowest level, where no stream is made for an answer that is read whole. A class, since thousands live
 * at a time and share their methods.
 */
class Exchange implements Dispatcher.DispatchHandler, EndListener {
  #chunks: Buffer[] = [];
  #size = 0;
  #statusCode = 0;
  #running: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  readonly #limit: number;
  readonly #resolve: (result: ExecutionResult) => void;
  readonly #reject: (error: Error) => void;
  #signal: AbortSignal | undefined;
  readonly #meter: Meter | undefined;
  /** The caller's signal fired. A function: node wraps a listener that is an object, and what it wraps outlives young collections. */
  readonly #giveUp = (): void => this.#abort(new CallCancelled("the caller gave up"));

  constructor(
    limit: number,
    meter: Meter | undefined,
    resolve: (result: ExecutionResult) => void,
    reject: (error: Error) => void,
  ) {
    this.#limit = limit;
    this.#meter = meter;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends with the request, or else with the call; false when that has happened already, and nothing is to be sent. */
  endWith(request: SubgraphRequest, call: CallContext): boolean {
    if (request.whenEnded !== undefined) request.whenEnded(this);
    else {
      this.#signal = request.signal ?? call.signal;
      if (this.#signal?.aborted === true) this.#giveUp();
      else this.#signal?.addEventListener("abort", this.#giveUp);
    }
    return this.#aborted === undefined;
  }

  handleEnd(reason: Error): void {
    this.#abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#running = controller;
    if (this.#aborted !== undefined) controller.abort(this.#aborted);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#statusCode = statusCode;
    const used = this.#meter === undefined ? undefined : headers[METER_HEADER];
    if (this.#meter !== undefined && typeof used === "string") addMeterText(this.#meter, used);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#limit) this.#abort(new Error(`the answer is larger than ${this.#limit} bytes`));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal?.removeEventListener("abort", this.#giveUp);
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#size);
    try {
      this.#resolve(parseResult(this.#statusCode, whole.toString("utf8")));
    } catch (error) {
      this.#reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal?.removeEventListener("abort", this.#giveUp);
    this.#reject(error);
  }

  #abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#reject(this.#aborted);
    this.#running?.abort(this.#aborted);
  }
}

/** A subgraph in another process: one POST per operation over kept sockets, and graphql-ws for subscriptions. */
export const createHttpConnection = <C extends CallContext>(options: HttpOptions<C>): SubgraphConnection<C> => {
  const { name, timeoutMs = TIMEOUT_MS, maxResponseBytes = MAX_RESPONSE_BYTES } = options;
  const url = new URL(options.url);
  const pool = new Pool(url.origin, { connections: options.maxSockets ?? MAX_SOCKETS, pipelining: 1 });
  const path = `${url.pathname}${url.search}`;

  const bodyOf = createBodies();

  const post = (body: string, headers: string[], request: SubgraphRequest, call: C) =>
    new Promise<ExecutionResult>((resolve, reject) => {
      const exchange = new Exchange(maxResponseBytes, call.meter, resolve, reject);
      if (!exchange.endWith(request, call)) return;
      pool.dispatch(
        { path, method: "POST", headers, body, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
        exchange,
      );
    });
  const headersOf = async (make: NonNullable<typeof options.headers>, call: C, body: string): Promise<string[]> => {
    const headers: string[] = [...HEADERS];
    const made = await make(call, body);
    for (const key in made) headers.push(key, made[key] ?? "");
    return headers;
  };

  return {
    name,
    execute(request: SubgraphRequest, call: C) {
      const body = bodyOf(request);
      const { headers } = options;
      if (headers === undefined) return post(body, [...HEADERS], request, call);
      return headersOf(headers, call, body).then((made) => post(body, made, request, call));
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
