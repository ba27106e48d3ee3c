import type { IncomingMessage } from "node:http";
import { HeaderMap, type ApolloServer, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import { presentationOf } from "@tessera/platform/auth/presentation";
import type { ErrorCode } from "@tessera/platform/errors/error-codes";
import { newMeter } from "@tessera/platform/executions/meter";
import type { ClientAddress } from "@tessera/platform/http/client-address";
import { refuse } from "@tessera/platform/errors/refusal";
import { CROSS_ORIGIN_REQUEST_HEADERS, nameOrigin, PREFLIGHT_SECONDS } from "@tessera/platform/http/cross-origin";
import type { HttpServer } from "@tessera/platform/http/server";
import type { Authenticate } from "../authenticate.ts";
import type { ExecutionRecords } from "../operations/execution-records.ts";
import { newExchange, type ApolloContext, type Exchange } from "./apollo-server.ts";
import { refuseCredentialInUrl } from "@tessera/platform/http/credential-in-url";
import type { InFlight } from "./in-flight.ts";
import type { Origins } from "@tessera/platform/http/origins";

/** Address of the graph, for HTTP and WebSocket alike. */
export const GRAPHQL_PATH = "/graphql";
/** Where a browser that opens the graph's address finds a page. */
const GRAPHIQL_PATH = "/graphiql";

const MEDIA_TYPES = ["application/graphql-response+json", "application/json", "application/*", "*/*"];

/** What is wrong with the document itself: with `application/json` GraphQL over HTTP answers such well-formed requests with 200. */
const DOCUMENT_CODES: ReadonlySet<ErrorCode> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
]);

const acceptedTypes = (accept: string): readonly string[] =>
  accept
    .toLowerCase()
    .split(",")
    .filter((part) => !/;\s*q=0(\.0*)?\s*(;|$)/.test(part))
    .map((part) => (part.split(";")[0] ?? "").trim());

const requireAcceptable = (accept: string | undefined): void => {
  if (accept === undefined || accept === "") return;
  if (acceptedTypes(accept).some((type) => MEDIA_TYPES.includes(type))) return;
  throw refuse("NOT_ACCEPTABLE", "Accept application/graphql-response+json or application/json.");
};

const isBrowserVisit = (request: FastifyRequest): boolean =>
  request.method === "GET" &&
  (request.headers.accept ?? "").includes("text/html") &&
  !new URLSearchParams(request.url.split("?")[1] ?? "").has("query");

const toApolloRequest = (request: FastifyRequest): HTTPGraphQLRequest => {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const start = request.url.indexOf("?");
  return { method: request.method, headers, search: start < 0 ? "" : request.url.slice(start), body: request.body };
};

interface RouteDeps {
  readonly server: HttpServer;
  readonly apollo: () => ApolloServer<ApolloContext> | null;
  readonly authenticate: Authenticate;
  readonly records: ExecutionRecords;
  readonly clientAddress: ClientAddress;
  /** Whether the REST bridge of another process asked. */
  readonly isForwarded: (request: IncomingMessage) => boolean;
  readonly inFlight: InFlight;
  readonly origins: Origins;
  readonly maxBodyBytes: number;
}

const sendHeaders = (reply: FastifyReply, exchange: Exchange): void => {
  const { verdict, retryAfterSeconds } = exchange;
  if (verdict?.rate !== null && verdict !== null) void reply.headers(verdict.rate.headers);
  if (retryAfterSeconds !== null) void reply.header("retry-after", String(retryAfterSeconds));
  void reply.header("cache-control", "private, no-store");
};

const answer = async (
  apollo: ApolloServer<ApolloContext>,
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
  record: (responseBytes: number) => Promise<void>,
): Promise<FastifyReply> => {
  const { status, headers, body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: toApolloRequest(request),
    context: () => Promise.resolve({ exchange }),
  });
  for (const [name, value] of headers) void reply.header(name, value);
  sendHeaders(reply, exchange);
  const isPlainJson = headers.get("content-type")?.startsWith("application/json") ?? true;
  const isAboutDocument = exchange.refusedWith !== null && DOCUMENT_CODES.has(exchange.refusedWith);
  void reply.code(isPlainJson && isAboutDocument ? 200 : (status ?? 200));
  if (body.kind === "complete") {
    await record(Buffer.byteLength(body.string));
    return reply.send(body.string);
  }
  throw new Error("The gateway offers no incremental delivery, but Apollo Server began one.");
};

/** How an exchange ended, for its record. */
const endOf = ({ verdict, firstCode, refusedWith, hasData, startedMs }: Exchange) => ({
  verdict,
  code: firstCode ?? refusedWith,
  hasData,
  elapsedMs: performance.now() - startedMs,
});

const refuseMethod = (server: HttpServer): void => {
  server.route({
    method: ["PUT", "PATCH", "DELETE"],
    url: GRAPHQL_PATH,
    handler: (request, reply) => {
      void reply.header("allow", "GET, POST");
      throw refuse("METHOD_NOT_ALLOWED", `${request.method} is not offered here; use POST, or GET for queries.`);
    },
  });
};

/** Serves the graph over HTTP (GraphQL over HTTP); the caller is known before anything of the request is read as GraphQL. */
export const registerGraphqlRoute = (deps: RouteDeps): void => {
  const { server, authenticate, inFlight, origins } = deps;
  server.route({
    method: ["GET", "POST"],
    url: GRAPHQL_PATH,
    bodyLimit: deps.maxBodyBytes,
    onRequest: (request, reply, done) => {
      nameOrigin(origins, request, reply);
      done();
    },
    handler: async (request, reply) => {
      refuseCredentialInUrl(request.url);
      if (isBrowserVisit(request)) return reply.redirect(GRAPHIQL_PATH, 302);
      const startedMs = performance.now();
      const caller = await authenticate(request.headers.authorization, presentationOf(request.raw));
      requireAcceptable(request.headers.accept);
      const whenGone = (gone: () => void) => reply.raw.once("close", gone);
      return inFlight.run((signal) => {
        const apollo = deps.apollo();
        if (apollo === null) throw refuse("OVERLOADED", "The graph is not loaded yet.", { retryAfterSeconds: 1 });
        deps.records.admit();
        const meter = newMeter();
        const call = { caller, traceId: request.traceId, signal, meter };
        const clientAddress = deps.clientAddress(request.raw);
        const exchange = { ...newExchange(call, clientAddress), startedMs };
        return answer(apollo, request, reply, exchange, (responseBytes) =>
          deps.records.finished({
            ...endOf(exchange),
            transport: deps.isForwarded(request.raw) ? "rest" : "http",
            caller,
            traceId: request.traceId,
            meter,
            clientAddress,
            responseBytes,
          }),
        );
      }, whenGone);
    },
  });
  server.options(GRAPHQL_PATH, (request, reply) => {
    if (!nameOrigin(origins, request, reply)) return reply.code(204).send();
    return reply
      .headers({
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": `${CROSS_ORIGIN_REQUEST_HEADERS}, apollo-require-preflight, x-apollo-operation-name`,
        "access-control-max-age": String(PREFLIGHT_SECONDS),
      })
      .code(204)
      .send();
  });
  refuseMethod(server);
};
