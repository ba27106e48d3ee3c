import type { Server } from "node:http";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PROBLEM_MEDIA_TYPE, problemFromThrown, problemOf, type Problem } from "../errors/problem.ts";
import { errorMessage } from "../errors/error-message.ts";
import { Refusal, refuse } from "../errors/refusal.ts";
import { newTraceId, traceIdOf } from "../telemetry/trace-context.ts";
import type { Logger } from "../telemetry/logger.ts";
import { answerLast, refuseConnection } from "./refused-connection.ts";
import { formProblem, MAX_HEADER_FIELDS, originForm } from "./request-form.ts";
import { securityHeadersOf } from "./security-headers.ts";

/** Bytes a request body may have unless its route allows more. */
export const MAX_BODY_BYTES = 1_048_576;
/** Milliseconds in which a client must have sent its headers. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Milliseconds in which a client must have sent its whole request; with the time until that is seen, below fifteen seconds. */
const REQUEST_TIMEOUT_MS = 14_000;
/** Milliseconds an idle connection is kept; longer than common load balancers keep theirs, so that they close first. */
export const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** Milliseconds between two looks at requests that are not complete yet: how much later than its time a slow one is closed. */
const SLOW_CHECK_MS = 500;
/** Bytes of all header fields of a request together. */
const MAX_HEADER_BYTES = 16_384;
/** Header fields the parser reads: one more than are allowed, so that too many are refused and none is dropped unseen. */
const MAX_PARSED_FIELDS = MAX_HEADER_FIELDS + 1;
/** Connections waiting to be accepted. */
const LISTEN_BACKLOG = 4_096;

/** The HTTP server of a process; routes are added by the rooms that serve over it. */
export type HttpServer = FastifyInstance;

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route reads its body from the connection by itself, and holds it to its Content-Digest. */
    readsOwnBody?: boolean;
  }
  interface FastifyRequest {
    /** W3C trace id of the request: the caller's, or a new one. */
    traceId: string;
  }
}

const fastifyCodes: Readonly<Record<string, (detail: string) => Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (detail) => refuse("PAYLOAD_TOO_LARGE", detail),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (detail) => refuse("UNSUPPORTED_MEDIA_TYPE", detail),
  FST_ERR_CTP_EMPTY_JSON_BODY: (detail) => refuse("BAD_INPUT", detail),
  FST_ERR_CTP_INVALID_JSON_BODY: (detail) => refuse("BAD_INPUT", detail),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: (detail) => refuse("BAD_INPUT", detail),
};

/** What an error of a request means in the words of the error table; what is unknown stays as it is. */
export const meaningOfError = (error: unknown): unknown => {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error instanceof SyntaxError && "statusCode" in error) return refuse("BAD_INPUT", error.message, {}, error);
  if ("validation" in error) return refuse("BAD_INPUT", error.message, {}, error);
  return fastifyCodes[code]?.(error.message) ?? error;
};

const problemFor = (error: unknown, traceId: string, logger: Logger): Problem => {
  const meaning = meaningOfError(error);
  const problem = problemFromThrown(meaning, { traceId });
  if (problem.status >= 500)
    logger.error(
      {
        traceId,
        code: problem.code,
        error: errorMessage(error),
        stack: error instanceof Error ? error.stack : undefined,
      },
      "A request failed.",
    );
  return problem;
};

/** What an HTTP server is made of; `isTls` tells that clients reach it over TLS alone. */
export interface HttpServerDeps {
  readonly logger: Logger;
  readonly isTls?: boolean;
}

/** What a 401 asks for (RFC 6750, section 3; RFC 9449, section 9). */
const challengeOf = ({ code, title }: Problem): string =>
  code === "DPOP_NONCE_REQUIRED"
    ? `DPoP realm="tessera", error="use_dpop_nonce", error_description="${title}"`
    : 'Bearer realm="tessera"';

const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply => {
  const problem = problemFor(error, request.traceId, logger);
  const retry = problem["retryAfterSeconds"];
  if (typeof retry === "number") void reply.header("retry-after", String(retry));
  if (problem.status === 401) void reply.header("www-authenticate", challengeOf(problem));
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
};

/**
 * Makes the process's HTTP server: bounded bodies, fields and times, requests that two servers could read differently refused, problem
 * documents (RFC 9457) for every error, the headers every answer carries, a trace id per request.
 */
export const createHttpServer = (deps: HttpServerDeps): HttpServer => {
  const securityHeaders = securityHeadersOf(deps.isTls ?? false);
  const server = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: SLOW_CHECK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    clientErrorHandler: refuseConnection,
    rewriteUrl: originForm,
    frameworkErrors: (error, request, reply) => {
      request.traceId = newTraceId();
      void reply.headers(securityHeaders).header("connection", "close");
      void answerError(
        refuse("MALFORMED_REQUEST", "The path of the URL can't be read.", {}, error),
        request,
        reply,
        deps.logger,
      );
    },
    forceCloseConnections: "idle",
    trustProxy: false,
    return503OnClosing: true,
  });
  server.server.maxHeadersCount = MAX_PARSED_FIELDS;
  server.decorateRequest("traceId", "");
  server.addHook("onRequest", (request, reply, done) => {
    request.traceId = traceIdOf(request.headers.traceparent);
    void reply.headers(securityHeaders).header("x-trace-id", request.traceId);
    const problem = formProblem(request.raw);
    if (problem === null) return done();
    // Whoever sent this may mean what follows it as another request than this process reads.
    answerLast(request.raw.socket);
    void reply.header("connection", "close");
    done(problem);
  });
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply, deps.logger));
  server.setNotFoundHandler((request, reply) => {
    const problem = problemOf(
      "NOT_FOUND",
      `There is nothing at ${request.method} ${request.url.split("?")[0] ?? ""}.`,
      { traceId: request.traceId },
    );
    return reply.code(404).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
  });
  return server;
};

/** Starts listening; answers the port in use. A taken port is told in a sentence that says what to do. */
export const listenOn = async (server: HttpServer, host: string, port: number): Promise<number> => {
  try {
    await server.listen({ host, port, backlog: LISTEN_BACKLOG });
  } catch (error) {
    if (errorMessage(error).includes("EADDRINUSE"))
      throw new Error(`Port ${port} is taken. Stop the other program or start with another one: PORT=${port + 1}.`, {
        cause: error,
      });
    if (errorMessage(error).includes("EACCES"))
      throw new Error(`Port ${port} may not be used by this user. Start with a port above 1023: PORT=4000.`, {
        cause: error,
      });
    throw error;
  }
  const address = (server.server satisfies Server).address();
  return address !== null && typeof address === "object" ? address.port : port;
};
