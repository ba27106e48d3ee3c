import type { Caller } from "@tessera/contracts/caller";
import type { IngestOutcome, IngestReceipt } from "@tessera/contracts/ingest";
import type { TenantId } from "@tessera/contracts/ids";
import { presentationOf, type Presented } from "@tessera/platform/auth/presentation";
import { IDENTITY_HEADER, type IdentityVerifier } from "@tessera/platform/auth/identity";
import { PROBLEM_MEDIA_TYPE, problemOf } from "@tessera/platform/errors/problem";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ExecutionRecorder } from "@tessera/platform/executions/execution-recorder";
import type { ClientAddress } from "@tessera/platform/http/client-address";
import { refuseCredentialInUrl } from "@tessera/platform/http/credential-in-url";
import type { RequestQuotas } from "@tessera/platform/limits/request-quotas";
import type { HttpServer } from "@tessera/platform/http/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Ingest } from "../ingest.ts";
import { decodeEvents, type DecodedEvents } from "./decode-events.ts";
import { contentEncodingOf, readBody } from "./read-body.ts";
import { recordIngest } from "./record-ingest.ts";

/** The public address of the write path. */
export const EVENTS_PATH = "/api/v2/events";
/** The address at which other processes of the platform hand on events; callers prove themselves by a signed identity. */
export const INTERNAL_INGEST_PATH = "/internal/ingest";
/** Audience of identities that are signed for the write path. */
export const INGEST_AUDIENCE = "ingest";
/** Permission a caller needs to write events. */
const PERMISSION = "analytics:ingest";

/** Tells who stands behind a request by its Authorization header and how it was presented; refuses with UNAUTHENTICATED. */
export type Authenticate = (authorization: string | undefined, presented: Presented) => Promise<Caller>;

type IngestService = Pick<Ingest, "ingest" | "admission">;

const requirePermission = (caller: Caller): void => {
  if (!caller.permissions.has(PERMISSION))
    throw refuse("FORBIDDEN", `Writing events needs the permission ${PERMISSION}.`, { permission: PERMISSION });
};

const readEvents = async (request: FastifyRequest, account: (bytes: number) => void): Promise<DecodedEvents> => {
  const contentType = request.headers["content-type"];
  if (contentType === undefined) throw refuse("UNSUPPORTED_MEDIA_TYPE", "The body needs a Content-Type.");
  const encoding = contentEncodingOf(request.headers["content-encoding"]);
  const body = await readBody(request.raw, encoding, account);
  if (body.length === 0) throw refuse("BAD_INPUT", "The body is empty.");
  return decodeEvents(contentType, body);
};

/** Reads and stores one request's events within the tenant's share of memory. */
const takeRequest = async (ingest: IngestService, caller: Caller, request: FastifyRequest): Promise<IngestReceipt> => {
  const taken: (() => void)[] = [];
  const account = (tenantId: TenantId) => (bytes: number) =>
    void taken.push(ingest.admission.takeBytes(tenantId, bytes));
  try {
    const { events, tell } = await readEvents(request, account(caller.tenantId));
    const receipt = await ingest.ingest(caller, events);
    return { ...receipt, outcomes: receipt.outcomes.map(tell) };
  } finally {
    for (const giveBack of taken) giveBack();
  }
};

const takePermitted = async (
  ingest: IngestService,
  caller: Caller,
  request: FastifyRequest,
): Promise<IngestReceipt> => {
  requirePermission(caller);
  return takeRequest(ingest, caller, request);
};

/** Charges the request before anything of its body is read; its answer, a refusal too, tells what is left. */
const chargeRequest = async (quotas: RequestQuotas | undefined, caller: Caller, reply: FastifyReply): Promise<void> => {
  if (quotas === undefined) return;
  const { headers, refusal } = await quotas.charge(caller, "EVENTS_PER_MONTH");
  void reply.headers(headers);
  if (refusal !== null) throw refusal;
};

const outcomesAsked = (query: unknown): "all" | "rejected" => {
  const asked = typeof query === "object" && query !== null && "outcomes" in query ? query.outcomes : "all";
  if (asked !== "all" && asked !== "rejected")
    throw refuse("BAD_INPUT", "outcomes is `all` or `rejected`.", { field: "outcomes" });
  return asked;
};

const shown = (outcomes: readonly IngestOutcome[], asked: "all" | "rejected"): readonly IngestOutcome[] =>
  asked === "all" ? outcomes : outcomes.filter((outcome) => outcome.kind === "REJECTED");

const answer = (reply: FastifyReply, receipt: IngestReceipt, asked: "all" | "rejected", traceId: string) => {
  const body = { ...receipt, outcomes: shown(receipt.outcomes, asked) };
  if (receipt.accepted + receipt.duplicate > 0)
    return reply.code(200).type("application/json").send(JSON.stringify(body));
  const problem = problemOf("EVENTS_REJECTED", "Each event's outcome names its place and the reason.", {
    traceId,
    ...body,
  });
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
};

/** Bodies are read by the route itself, after it knows the caller: nothing is buffered for strangers. */
const leaveBodyUnread = (scope: HttpServer): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
};

/**
 * Adds `POST /api/v2/events`. 200 when any event was accepted or is a duplicate, 422 when all were rejected; either way with an outcome
 * per event (`?outcomes=rejected` leaves out the others). 429 and 503 carry Retry-After.
 */
export const registerIngestRoutes = (
  server: HttpServer,
  deps: {
    readonly ingest: IngestService;
    readonly authenticate: Authenticate;
    /** Where each request is recorded before its sender is answered. */
    readonly recorder: Pick<ExecutionRecorder, "admit" | "record">;
    readonly clientAddress: ClientAddress;
    /** What callers are held to; absent: to nothing but what is in flight. */
    readonly quotas?: RequestQuotas | undefined;
  },
): void => {
  void server.register((scope, _options, done) => {
    leaveBodyUnread(scope);
    scope.post(EVENTS_PATH, { config: { readsOwnBody: true } }, async (request, reply) => {
      refuseCredentialInUrl(request.url);
      const caller = await deps.authenticate(request.headers.authorization, presentationOf(request.raw));
      const { traceId } = request;
      const clientAddress = deps.clientAddress(request.raw);
      const told = { caller, clientAddress, traceId, operationName: `POST ${EVENTS_PATH}` };
      let asked: ReturnType<typeof outcomesAsked> = "all";
      const receipt = await recordIngest(deps.recorder, told, async () => {
        asked = outcomesAsked(request.query);
        await chargeRequest(deps.quotas, caller, reply);
        return takePermitted(deps.ingest, caller, request);
      });
      return answer(reply, receipt, asked, traceId);
    });
    done();
  });
};

/** Adds `POST /internal/ingest` for other processes of the platform; the identity is signed for {@link INGEST_AUDIENCE}. */
export const registerInternalIngestRoute = (
  server: HttpServer,
  deps: { readonly ingest: IngestService; readonly verify: IdentityVerifier },
): void => {
  void server.register((scope, _options, done) => {
    leaveBodyUnread(scope);
    scope.post(INTERNAL_INGEST_PATH, { config: { readsOwnBody: true } }, async (request, reply) => {
      const header = request.headers[IDENTITY_HEADER];
      const caller = await deps.verify(typeof header === "string" ? header : undefined);
      requirePermission(caller);
      const receipt = await takeRequest(deps.ingest, caller, request);
      return reply.code(200).type("application/json").send(JSON.stringify(receipt));
    });
    done();
  });
};
