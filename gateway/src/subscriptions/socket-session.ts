import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { Authenticate } from "../authenticate.ts";
import type { CredentialWatch, WatchedSocket } from "./credential-watch.ts";
import {
  closeReasonOf,
  headerIn,
  sameRights,
  RIGHTS_CHANGED,
  type CloseReason,
  type Credential,
} from "./credential.ts";
import { runOperation, type OperationDeps, type RunningOperation } from "./operation-runner.ts";
import { CLOSE, parseClientMessage, requestOf, serverMessage, type ClientMessage } from "./protocol.ts";
import { createSocketSink } from "./socket-sink.ts";
import type { SubscriptionOptions } from "./subscription-options.ts";
import type { TenantSockets } from "./tenant-sockets.ts";

/** Bytes a WebSocket close reason may have (RFC 6455 allows 123). */
const MAX_REASON_BYTES = 120;

/** What a session needs beside its socket. */
export interface SessionDeps {
  readonly authenticate: Authenticate;
  readonly watch: CredentialWatch;
  readonly tenants: TenantSockets;
  readonly operations: OperationDeps;
  readonly options: SubscriptionOptions;
  readonly logger: Logger;
  readonly onClosed: (code: number) => void;
}

/** A client's socket from handshake to close. */
export interface Session {
  readonly close: (reason: CloseReason) => void;
}

const shortened = (reason: string): string => Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString("utf8");

/**
 * Speaks graphql-transport-ws: nothing runs before `connection_init` was acknowledged, a `ping` with `authorization` renews the credential,
 * and closing the socket ends everything that ran on it.
 */
export const openSession = (socket: WebSocket, request: IncomingMessage, deps: SessionDeps): Session => {
  const { options } = deps;
  const handshakeHeader = request.headers.authorization;
  const operations = new Map<string, RunningOperation>();
  const sink = createSocketSink(socket, options.maxSocketBufferBytes);
  let credential: Credential | null = null;
  let begun = false;
  let refreshing = false;

  const close = ({ code, reason }: CloseReason): void => {
    if (socket.readyState !== socket.OPEN) return;
    deps.onClosed(code);
    socket.close(code, shortened(reason));
  };
  const watched: WatchedSocket = { credential: () => credential, close };
  const notAccepted = (error: unknown): void => {
    const reason = closeReasonOf(error);
    if (reason === null) deps.logger.warn({ error: errorMessage(error) }, "A credential could not be checked.");
    close(reason ?? { code: CLOSE.tryAgainLater, reason: "The credential can't be checked at the moment." });
  };
  const initTimer = setTimeout(
    () => close({ code: CLOSE.initTimeout, reason: "Connection initialisation timeout" }),
    options.initTimeoutMs,
  );
  initTimer.unref();

  const accept = (accepted: Credential): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (!deps.tenants.take(accepted.caller.tenantId)) {
      const reason = `A tenant may have ${options.maxSocketsPerTenant} sockets open.`;
      return close({ code: CLOSE.tryAgainLater, reason });
    }
    credential = accepted;
    deps.watch.add(watched);
    sink.send(serverMessage.ack());
  };
  const init = (payload: Readonly<Record<string, unknown>> | null | undefined): void => {
    if (begun) return close({ code: CLOSE.tooManyInits, reason: "Too many initialisation requests" });
    begun = true;
    clearTimeout(initTimer);
    const header = headerIn(payload) ?? handshakeHeader;
    deps.authenticate(header).then((caller) => accept({ header: header ?? "", caller }), notAccepted);
  };
  const refresh = (header: string): void => {
    if (refreshing) return;
    refreshing = true;
    const renew = (renewed: Credential): void => {
      if (credential === null) return;
      if (!sameRights(credential.caller, renewed.caller)) return close(RIGHTS_CHANGED);
      credential = renewed;
      sink.send(serverMessage.pong({ authorized: true, expiresAtMs: renewed.caller.expiresAtMs }));
    };
    void deps
      .authenticate(header)
      .then((caller) => renew({ header, caller }), notAccepted)
      .finally(() => {
        refreshing = false;
      });
  };
  const subscribe = (message: Extract<ClientMessage, { type: "subscribe" }>): void => {
    const { id } = message;
    if (credential === null) return close({ code: CLOSE.unauthorized, reason: "Unauthorized" });
    if (operations.has(id)) {
      return close({ code: CLOSE.subscriberExists, reason: `Subscriber for ${id} already exists` });
    }
    if (operations.size >= options.maxOperationsPerSocket) {
      const limit = options.maxOperationsPerSocket;
      const refusal = refuse("TOO_MANY_SUBSCRIPTIONS", `A socket may have ${limit} operations open.`, { limit });
      return sink.send(serverMessage.error(id, JSON.stringify([deps.operations.masking.show(refusal, newTraceId())])));
    }
    let finished = false;
    const onDone = (): void => {
      finished = true;
      operations.delete(id);
    };
    const running = runOperation(deps.operations, requestOf(message), { id, caller: credential.caller, sink, onDone });
    if (!finished) operations.set(id, running);
  };
  const complete = (id: string): void => {
    operations.get(id)?.cancel();
    operations.delete(id);
  };
  const receive = (text: string): void => {
    const message = parseClientMessage(text);
    if (message === null) return close({ code: CLOSE.badMessage, reason: "Invalid message received" });
    switch (message.type) {
      case "connection_init":
        return init(message.payload);
      case "ping": {
        const header = headerIn(message.payload);
        return header !== null && credential !== null ? refresh(header) : sink.send(serverMessage.pong());
      }
      case "pong":
        return;
      case "subscribe":
        return subscribe(message);
      case "complete":
        return complete(message.id);
    }
  };
  socket.on("message", (data: Buffer) => {
    if (socket.readyState === socket.OPEN) receive(data.toString("utf8"));
  });
  socket.once("close", () => {
    clearTimeout(initTimer);
    deps.watch.remove(watched);
    if (credential !== null) deps.tenants.release(credential.caller.tenantId);
    credential = null;
    for (const operation of operations.values()) operation.cancel();
    operations.clear();
  });
  return { close };
};
