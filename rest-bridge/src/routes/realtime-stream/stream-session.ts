import type { WebSocket } from "ws";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Presentation } from "@tessera/platform/auth/presentation";
import { problemFromThrown } from "@tessera/platform/errors/problem";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import type { GraphPort } from "../../graph/graph-port.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import type { ServingDeps } from "../../http/serve-route.ts";
import { CLOSE, closeCodeOf } from "./close-codes.ts";
import { createCredentialConfirmation } from "./credential-confirmation.ts";
import { whenExpired } from "./credential-expiry.ts";
import { createLatestOutbox } from "./latest-outbox.ts";
import { realtimeStreamDescription } from "./description.ts";
import type { ClientMessage } from "./messages.ts";
import { createStreamReader, encodeSnapshot, type Snapshot } from "./stream-reader.ts";

/** Seconds between heartbeats; a socket that answered none of two pings is dropped. */
export const HEARTBEAT_SECONDS = 12;
/** Milliseconds a client has for its credential. */
const AUTH_TIMEOUT_MS = 5_000;
/** Bytes a close reason may have (RFC 6455 allows 123). */
const MAX_REASON_BYTES = 120;

/** What a stream is asked for in its URL. */
export interface StreamRequest {
  readonly tenantId: string | undefined;
  /** ISO 8601. */
  readonly timeframe: string;
  readonly cursor: string | undefined;
  readonly traceId: string;
  /** Why the URL asks for nothing that can be given, told to a caller who is known; null: it does. */
  readonly problem: Error | null;
}

/** How a stream was opened. */
export interface StreamHandshake {
  readonly authorization: string | undefined;
  readonly presentation: Presentation;
  readonly clientAddress: string;
}

/** What a session needs beside its socket. */
export interface StreamDeps extends ServingDeps {
  readonly graph: GraphPort;
  readonly logger: Logger;
  readonly nowMs: NowMs;
}

/** A client's stream from handshake to close. */
export interface StreamSession {
  readonly receive: (message: ClientMessage) => void;
  /** Tells the problem and closes. */
  readonly fail: (thrown: unknown) => void;
}

const shortened = (reason: string): string => Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString("utf8");

/** The tenant a known caller's stream is about; what can't be given to them is recorded and refused. */
const admittedTenant = async (
  caller: Caller,
  request: StreamRequest & StreamHandshake,
  deps: StreamDeps,
): Promise<TenantId> => {
  const startedMs = performance.now();
  try {
    if (request.problem !== null) throw request.problem;
    return ownTenant(caller, request.tenantId);
  } catch (thrown) {
    const { clientAddress, traceId } = request;
    const refused = { caller, description: realtimeStreamDescription, clientAddress, traceId, thrown };
    await deps.recordRefusal({ ...refused, transport: "websocket", elapsedMs: performance.now() - startedMs });
    throw thrown;
  }
};

const expired = () => refuse("UNAUTHENTICATED", "The credential expired; connect with a new one and the last cursor.");

/** Tells the problem in a last message and closes with its code; what is not expected is logged and masked. */
const failSocket = (socket: WebSocket, thrown: unknown, traceId: string, logger: Logger, closeCode?: number): void => {
  if (socket.readyState !== socket.OPEN) return;
  const problem = problemFromThrown(thrown, { traceId });
  if (problem.code === "INTERNAL") logger.error({ traceId, error: errorMessage(thrown) }, "A stream failed.");
  socket.send(JSON.stringify({ type: "error", problem }));
  socket.close(closeCode ?? closeCodeOf(problem.code), shortened(problem.detail));
};

/**
 * One client's stream: waits for a credential, subscribes under it, hands on the newest metrics, and closes with a code when the credential or the
 * graph ends it. A renewed credential goes on behind the last cursor.
 */
export const openStreamSession = (
  socket: WebSocket,
  request: StreamRequest & StreamHandshake,
  deps: StreamDeps,
): StreamSession => {
  let stopExpiry: () => void = () => undefined;
  let generation = 0;
  const send = (message: object): void => socket.send(JSON.stringify(message));
  const outbox = createLatestOutbox<Snapshot>(
    { send: (text, sent) => socket.send(text, () => sent()) },
    encodeSnapshot,
  );
  const fail = (thrown: unknown, closeCode?: number): void => {
    reader.stop();
    outbox.close();
    failSocket(socket, thrown, request.traceId, deps.logger, closeCode);
  };
  const reader = createStreamReader(deps.graph, request, { next: outbox.next, fail });
  const confirmation = createCredentialConfirmation({ ...deps, confirmed: reader.confirm, ended: fail });
  const authTimer = setTimeout(
    () => fail(refuse("UNAUTHENTICATED", "No credential came in time."), CLOSE.authTimeout),
    AUTH_TIMEOUT_MS,
  );
  const authenticate = async (authorization: string, proof?: string, cursor?: string): Promise<void> => {
    generation += 1;
    const mine = generation;
    const { presentation } = request;
    const presented = proof === undefined ? presentation : { ...presentation, proof };
    const caller = await deps.authenticate(authorization, presented);
    const tenantId = await admittedTenant(caller, request, deps);
    if (mine !== generation || socket.readyState !== socket.OPEN) return;
    clearTimeout(authTimer);
    confirmation.hold(authorization);
    stopExpiry();
    stopExpiry = whenExpired(caller.expiresAtMs, deps.nowMs, () => fail(expired(), CLOSE.forbidden));
    send({ type: "ready", tenant_id: tenantId, timeframe: request.timeframe, heartbeat_seconds: HEARTBEAT_SECONDS });
    reader.read(caller, cursor);
  };
  socket.once("close", () => {
    generation += 1;
    confirmation.stop();
    clearTimeout(authTimer);
    stopExpiry();
    reader.stop();
    outbox.close();
  });
  if (request.authorization !== undefined) authenticate(request.authorization).catch(fail);
  return {
    receive: (message) => {
      if (message.type === "ping") return send({ type: "pong" });
      authenticate(message.authorization, message.dpop, message.cursor).catch(fail);
    },
    fail,
  };
};
