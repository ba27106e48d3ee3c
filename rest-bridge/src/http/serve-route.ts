import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Static, TSchema } from "typebox";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import { presentationOf, type Presented } from "@tessera/platform/auth/presentation";
import type { ClientAddress } from "@tessera/platform/http/client-address";
import { refuseCredentialInUrl } from "@tessera/platform/http/credential-in-url";
import { offerMethods } from "@tessera/platform/http/offer-methods";
import type { HttpServer } from "@tessera/platform/http/server";
import { requireJsonAccepted } from "./accepts-json.ts";
import { createInputCheck } from "./check-input.ts";
import { FileAnswer } from "./file-answer.ts";
import type { RecordRefusal } from "./refusal-records.ts";
import type { RouteDescription } from "./route-description.ts";

/** Tells who stands behind a request by its Authorization header and how it was presented; refuses with UNAUTHENTICATED. */
export type Authenticate = (authorization: string | undefined, presented: Presented) => Promise<Caller>;

/** Bytes a question may have: the largest filter allowed fits many times. */
export const MAX_QUESTION_BYTES = 262_144;

/** What every route is served with. */
export interface ServingDeps {
  readonly authenticate: Authenticate;
  readonly clientAddress: ClientAddress;
  readonly recordRefusal: RecordRefusal;
}

/** A request after everything about it was checked. */
export interface CheckedRequest<Query, Body> {
  readonly caller: Caller;
  readonly query: Query;
  readonly body: Body;
  /** A header of the request by its name in lower case. */
  readonly header: (name: "range" | "if-range" | "if-none-match") => string | undefined;
  /** Parameters of the path, by name. */
  readonly path: Readonly<Record<string, string>>;
  readonly traceId: string;
  readonly clientAddress: string;
  /** Aborted when the client leaves before its answer. */
  readonly signal: AbortSignal;
  /** Tells that the graph is asked, which from then on records what comes of the request. */
  readonly graphIsAsked: () => void;
  /** Adds headers to whatever is answered in the end, a refusal too. */
  readonly addHeaders: (headers: Readonly<Record<string, string>>) => void;
}

const METHODS = { get: "GET", post: "POST", put: "PUT" } as const;

/** A path as the router writes it: `/tenants/:id/usage`. */
const routed = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");
const pathParameters = z.record(z.string(), z.string());

/** What is text says in which characters. */
const typed = (mediaType: string): string => (mediaType.endsWith("json") ? `${mediaType}; charset=utf-8` : mediaType);

const goneSignal = (reply: FastifyReply): AbortSignal => {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
};

const sendAnswer = (reply: FastifyReply, contentType: string, body: unknown): FastifyReply => {
  void reply.header("cache-control", "private, no-store");
  if (!(body instanceof FileAnswer))
    return reply.type(contentType).send(body instanceof Readable ? body : JSON.stringify(body));
  void reply.code(body.status);
  return body.body === null ? reply.send() : reply.type(contentType).send(body.body);
};

/**
 * Serves one described route. The caller is known before anything else of the request is read; then what is accepted, the query and the body are
 * checked against the description's own schemas; `handle` gives the JSON value to answer, a stream of text or bytes, or a file. Answers are never stored by caches: they belong to one tenant and one moment.
 */
export const serveRoute = <Query extends TSchema, Body extends TSchema>(
  server: HttpServer,
  deps: ServingDeps,
  description: RouteDescription<Query, Body> & { readonly query: Query; readonly body: Body },
  handle: (request: CheckedRequest<Static<Query>, Static<Body>>) => Promise<unknown>,
): void => {
  const checkQuery = createInputCheck(description.query);
  const checkBody = createInputCheck(description.body);
  const mediaType = description.answers[200]?.mediaType;
  const callers = new WeakMap<FastifyRequest, Caller>();
  const asked = new WeakSet<FastifyRequest>();
  const [method, url] = [METHODS[description.method], routed(description.path)];
  const methods = description.methodsOfPath ?? [description.method];
  if (methods[0] === description.method)
    offerMethods(
      server,
      url,
      methods.map((one) => METHODS[one]),
    );
  server.route({
    method,
    url,
    bodyLimit: MAX_QUESTION_BYTES,
    onRequest: async (request) => {
      refuseCredentialInUrl(request.url);
      callers.set(request, await deps.authenticate(request.headers.authorization, presentationOf(request.raw)));
      requireJsonAccepted(request.headers.accept, mediaType);
    },
    onError: async (request, reply, thrown) => {
      const caller = callers.get(request);
      if (caller === undefined || asked.has(request)) return;
      const { traceId } = request;
      const clientAddress = deps.clientAddress(request.raw);
      const refused = { caller, description, clientAddress, traceId, elapsedMs: reply.elapsedTime, thrown };
      await deps.recordRefusal({ ...refused, transport: "rest" });
    },
    handler: async (request, reply) => {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error("The request was not authenticated.");
      const body = await handle({
        caller,
        query: checkQuery(request.query),
        body: checkBody(request.body),
        header: (name) => {
          const value = request.headers[name];
          return typeof value === "string" ? value : undefined;
        },
        path: pathParameters.parse(request.params),
        traceId: request.traceId,
        clientAddress: deps.clientAddress(request.raw),
        signal: goneSignal(reply),
        graphIsAsked: () => void asked.add(request),
        addHeaders: (headers) => void reply.headers(headers),
      });
      return sendAnswer(reply, typed(mediaType ?? "application/json"), body);
    },
  });
};
