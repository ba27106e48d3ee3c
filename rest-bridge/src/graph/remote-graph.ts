import { Agent, request } from "undici";
import { z } from "zod";
import type { ForwardCaller } from "@tessera/platform/auth/forwarded-caller";
import { isErrorCode } from "@tessera/platform/errors/error-codes";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { Probe } from "@tessera/platform/http/health";
import { traceparentOf } from "@tessera/platform/telemetry/trace-context";
import type { GraphAnswer, GraphCall, GraphPort } from "./graph-port.ts";
import { parseGraphResult } from "./graph-result.ts";
import { createGraphStream, webSocketUrlOf } from "./graph-stream.ts";

/** Milliseconds the gateway has for an answer: more than any query may run, so that it can say so itself. */
const ANSWER_TIMEOUT_MS = 35_000;
/** Milliseconds to reach the gateway. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Connections to the gateway kept open; requests beyond them wait. */
const MAX_CONNECTIONS = 128;
/** Bytes an answer may have: what the graph's own limits allow, with room for a wide grouped answer. */
const MAX_ANSWER_BYTES = 64 * 1_048_576;
/** Seconds after which a gateway that was away may be tried again. */
const RETRY_AFTER_SECONDS = 2;

const RATE_HEADERS = ["ratelimit", "ratelimit-policy"] as const;

const problemBody = z.object({
  code: z.string(),
  detail: z.string(),
  field: z.string().optional(),
  retryAfterSeconds: z.number().optional(),
});

const unreachable = (detail: string, cause?: unknown): Refusal =>
  refuse("DEPENDENCY_UNAVAILABLE", detail, { retryAfterSeconds: RETRY_AFTER_SECONDS }, cause);

/** The gateway's own problem document, said again in the same words. */
const refusalFrom = (body: unknown, status: number): Refusal => {
  const { data } = problemBody.safeParse(body);
  if (data === undefined || !isErrorCode(data.code)) return unreachable(`The gateway answered ${status}.`);
  const { code, detail, field, retryAfterSeconds } = data;
  return refuse(code, detail, {
    ...(field === undefined ? {} : { field }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
};

const isTimeout = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(String(thrown.code));

const isAborted = (call: GraphCall): boolean => call.signal?.aborted === true;

const meaningOf = (thrown: unknown, call: GraphCall): Refusal => {
  if (isAborted(call)) return refuse("QUERY_CANCELLED", "The caller left.", {}, thrown);
  return isTimeout(thrown)
    ? refuse("QUERY_TIMEOUT", "The graph did not answer in time.", {}, thrown)
    : unreachable("The gateway can't be reached.", thrown);
};

const rateLimitOf = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    RATE_HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );

const ask = async (url: string, dispatcher: Agent, call: GraphCall, authorization: string) => {
  const { documentId, variables } = call;
  const answer = await request(url, {
    dispatcher,
    method: "POST",
    headers: {
      authorization,
      traceparent: traceparentOf(call.traceId),
      "content-type": "application/json",
      accept: "application/graphql-response+json",
    },
    body: JSON.stringify({ documentId, variables }),
    signal: call.signal ?? null,
  });
  const body: unknown = await answer.body.json().catch(() => undefined);
  return { status: answer.statusCode, headers: answer.headers, body };
};

/** A graph in another process: HTTP for queries, graphql-transport-ws for subscriptions, each for a caller this process has verified. */
export interface RemoteGraph extends GraphPort {
  /** Whether the gateway is ready. */
  readonly probe: Probe;
  readonly close: () => Promise<void>;
}

/** Connects to the gateway at `url` (such as `http://gateway:4000`); nothing is opened before the first call. */
export const createRemoteGraph = (deps: { readonly url: string; readonly forward: ForwardCaller }): RemoteGraph => {
  const graphUrl = new URL("/graphql", deps.url).href;
  const readyUrl = new URL("/readyz", deps.url).href;
  const dispatcher = new Agent({
    connections: MAX_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const execute = async (call: GraphCall): Promise<GraphAnswer> => {
    const authorization = await deps.forward(call.caller, call.clientAddress);
    const { status, headers, body } = await ask(graphUrl, dispatcher, call, authorization).catch((thrown: unknown) => {
      throw meaningOf(thrown, call);
    });
    const type = String(headers["content-type"] ?? "");
    const result = type.startsWith("application/problem+json") ? null : parseGraphResult(body);
    if (result === null || (result.data === undefined && result.errors === undefined)) throw refusalFrom(body, status);
    return { ...result, rateLimit: rateLimitOf(headers) };
  };
  return {
    execute,
    subscribe: createGraphStream(() => webSocketUrlOf(graphUrl), deps.forward),
    probe: {
      name: "gateway",
      check: async () => {
        const { statusCode, body } = await request(readyUrl, { dispatcher });
        await body.dump();
        if (statusCode !== 200) throw new Error(`the gateway is not ready (${statusCode})`);
      },
    },
    close: () => dispatcher.close(),
  };
};
