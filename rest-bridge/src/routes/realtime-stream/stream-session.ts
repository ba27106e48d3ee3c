import type { WebSocket } from "ws";
import type { Presentation } from "@tessera/platform/auth/presentation";
import { problemFromThrown } from "@tessera/platform/errors/problem";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import type { GraphPort } from "../../graph/graph-port.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import type { Authenticate } from "../../http/serve-route.ts";
import { CLOSE, closeCodeOf } from "./close-codes.ts";
import { whenExpired } from "./credential-expiry.ts";
import { createLatestOutbox } from "./latest-outbox.ts";
import type { ClientMessage } from "./messages.ts";
import { createStreamReader, encodeSnapshot, type Snapshot } from "./stream-reader.ts";

/** Seconds between heartbeats; a socket that answered none of two pings is dropped. */
export const HEARTBEAT_SECONDS = 12;
/** Milliseconds a client has for its credential. */
const AUTH_TIMEOUT_MS = 5_000;
/** Milliseconds between two looks at an open stream's credential: one that was revoked ends its streams within 5 s. */
const CREDENTIAL_CHECK_MS = 4_000;
/** Bytes a close reason may have (RFC 6455 allows 123). */
const MAX_REASON_BYTES = 120;

/** What a stream is asked for in its URL. */
export interface StreamRequest {
  readonly tenantId: string | undefined;
  /** ISO 8601. */
  readonly timeframe: string;
  readonly cursor: string | undefined;
  readonly traceId: string;
}

/** What a session needs beside its socket. */
export interface StreamDeps {
  readonly graph: GraphPort;
  readonly authenticate: Authenticate;
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
  request: StreamRequest & { readonly authorization: string | undefined; readonly presentation: Presentation },
  deps: StreamDeps,
): StreamSession => {
  let stopExpiry: () => void = () => undefined;
  let generation = 0;
  let held: string | null = null;
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
  const authTimer = setTimeout(
    () => fail(refuse("UNAUTHENTICATED", "No credential came in time."), CLOSE.authTimeout),
    AUTH_TIMEOUT_MS,
  );
  const authenticate = async (authorization: string, cursor?: string): Promise<void> => {
    generation += 1;
    const mine = generation;
    const caller = await deps.authenticate(authorization, request.presentation);
    const tenantId = ownTenant(caller, request.tenantId);
    if (mine !== generation || socket.readyState !== socket.OPEN) return;
    clearTimeout(authTimer);
    held = authorization;
    stopExpiry();
    stopExpiry = whenExpired(caller.expiresAtMs, deps.nowMs, () => fail(expired(), CLOSE.forbidden));
    send({ type: "ready", tenant_id: tenantId, timeframe: request.timeframe, heartbeat_seconds: HEARTBEAT_SECONDS });
    reader.read(caller, authorization, cursor);
  };
  const confirm = (): void => {
    if (held === null) return;
    deps.authenticate(held, "AGAIN").catch((error: unknown) => {
      // That nobody can be asked at the moment says nothing about the credential.
      if (error instanceof Refusal && error.code === "UNAUTHENTICATED") fail(error);
    });
  };
  const confirmTimer = setInterval(confirm, CREDENTIAL_CHECK_MS).unref();
  socket.once("close", () => {
    generation += 1;
    clearInterval(confirmTimer);
    clearTimeout(authTimer);
    stopExpiry();
    reader.stop();
    outbox.close();
  });
  if (request.authorization !== undefined) authenticate(request.authorization).catch(fail);
  return {
    receive: (message) => {
      if (message.type === "ping") return send({ type: "pong" });
      authenticate(message.authorization, message.cursor).catch(fail);
    },
    fail,
  };
};
