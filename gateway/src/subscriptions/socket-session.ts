import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { presentationOf } from "@tessera/platform/auth/presentation";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ClientAddress } from "@tessera/platform/http/client-address";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { CloseReason } from "./credential.ts";
import { runOperation, type OperationDeps, type RunningOperation } from "./operation-runner.ts";
import type { SocketSink } from "./outbox.ts";
import { CLOSE, parseClientMessage, requestOf, serverMessage, type ClientMessage } from "./protocol.ts";
import { createSocketCredential, type SocketCredential, type SocketCredentialDeps } from "./socket-credential.ts";
import { createSocketSink } from "./socket-sink.ts";
import type { SubscriptionOptions } from "./subscription-options.ts";

/** Bytes a WebSocket close reason may have (RFC 6455 allows 123). */
const MAX_REASON_BYTES = 120;

/** What a session needs beside its socket. */
export interface SessionDeps {
  readonly credentials: SocketCredentialDeps;
  readonly operations: OperationDeps;
  readonly clientAddress: ClientAddress;
  readonly options: SubscriptionOptions;
  readonly onClosed: (code: number) => void;
}

/** A client's socket from handshake to close. */
export interface Session {
  readonly close: (reason: CloseReason) => void;
}

type Subscribe = Extract<ClientMessage, { type: "subscribe" }>;

const shortened = (reason: string): string => Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString("utf8");

/** The operations of one socket, by the ids its client gave them. */
const createOperations = (
  deps: SessionDeps,
  socket: {
    readonly sink: SocketSink;
    readonly credential: SocketCredential;
    /** Asked once the credential is known, which may tell it. */
    readonly clientAddress: () => string;
    readonly close: (reason: CloseReason) => void;
  },
) => {
  const running = new Map<string, RunningOperation>();
  const refuseOne = (id: string, thrown: unknown): void => {
    const shown = deps.operations.masking.show(thrown, newTraceId());
    socket.sink.send(serverMessage.error(id, JSON.stringify([shown])));
  };
  const tooMany = (limit: number) =>
    refuse("TOO_MANY_SUBSCRIPTIONS", `A socket may have ${limit} operations open.`, { limit });
  return {
    subscribe: (message: Subscribe): void => {
      const { id } = message;
      const credential = socket.credential.current();
      if (credential === null) return socket.close({ code: CLOSE.unauthorized, reason: "Unauthorized" });
      if (running.has(id)) {
        return socket.close({ code: CLOSE.subscriberExists, reason: `Subscriber for ${id} already exists` });
      }
      const limit = deps.options.maxOperationsPerSocket;
      if (running.size >= limit) return refuseOne(id, tooMany(limit));
      let finished = false;
      const onDone = (): void => {
        finished = true;
        running.delete(id);
      };
      const { sink } = socket;
      const clientAddress = socket.clientAddress();
      const target = { id, caller: credential.caller, sink, clientAddress, onDone };
      try {
        const operation = runOperation(deps.operations, requestOf(message), target);
        if (!finished) running.set(id, operation);
      } catch (error) {
        // Nobody stands above a socket's message to catch this: it would end the process and everybody's sockets.
        refuseOne(id, error);
      }
    },
    complete: (id: string): void => {
      const operation = running.get(id);
      running.delete(id);
      operation?.cancel();
    },
    cancelAll: (): void => {
      for (const operation of running.values()) operation.cancel();
      running.clear();
    },
  };
};

/**
 * Speaks graphql-transport-ws: nothing runs before `connection_init` was acknowledged, a `ping` with `authorization` renews the credential,
 * and closing the socket ends everything that ran on it.
 */
export const openSession = (socket: WebSocket, request: IncomingMessage, deps: SessionDeps): Session => {
  const sink = createSocketSink(socket, deps.options.maxSocketBufferBytes);
  const isOpen = (): boolean => socket.readyState === socket.OPEN;
  const close = ({ code, reason }: CloseReason): void => {
    if (!isOpen()) return;
    deps.onClosed(code);
    socket.close(code, shortened(reason));
  };
  const initTimer = setTimeout(
    () => close({ code: CLOSE.initTimeout, reason: "Connection initialisation timeout" }),
    deps.options.initTimeoutMs,
  ).unref();
  const credential = createSocketCredential(deps.credentials, {
    handshakeHeader: request.headers.authorization,
    handshake: presentationOf(request),
    sink,
    isOpen,
    close,
    onInit: () => clearTimeout(initTimer),
  });
  const clientAddress = (): string => deps.clientAddress(request);
  const operations = createOperations(deps, { sink, credential, clientAddress, close });

  const receive = (text: string): void => {
    const message = parseClientMessage(text);
    if (message === null) return close({ code: CLOSE.badMessage, reason: "Invalid message received" });
    if (message.type === "connection_init") credential.init(message.payload);
    else if (message.type === "ping") credential.ping(message.payload);
    else if (message.type === "subscribe") operations.subscribe(message);
    else if (message.type === "complete") operations.complete(message.id);
  };
  socket.on("message", (data: Buffer) => {
    if (!isOpen()) return;
    try {
      receive(data.toString("utf8"));
    } catch (error) {
      deps.operations.masking.show(error, newTraceId());
      close({ code: CLOSE.internal, reason: "Internal server error" });
    }
  });
  socket.once("close", () => {
    clearTimeout(initTimer);
    credential.release();
    operations.cancelAll();
  });
  return { close };
};
