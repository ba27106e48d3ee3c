import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Presentation } from "@tessera/platform/auth/presentation";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Authenticate } from "../authenticate.ts";
import type { WatchedSocket } from "./credential-checks.ts";
import type { CredentialWatch } from "./credential-watch.ts";
import {
  closeReasonOf,
  headerIn,
  proofIn,
  RIGHTS_CHANGED,
  sameRights,
  type CloseReason,
  type Credential,
} from "./credential.ts";
import type { SocketSink } from "./outbox.ts";
import { CLOSE, serverMessage } from "./protocol.ts";
import type { TenantSockets } from "./tenant-sockets.ts";

type Payload = Readonly<Record<string, unknown>> | null | undefined;

/** Who speaks on a socket: known by `connection_init`, renewed by `ping`, watched until it closes. */
export interface SocketCredential {
  /** Null before the credential was accepted and after the socket closed. */
  readonly current: () => Credential | null;
  readonly init: (payload: Payload) => void;
  /** Answers a `ping`; one with `authorization` renews the credential first. */
  readonly ping: (payload: Payload) => void;
  readonly release: () => void;
}

/** What a {@link SocketCredential} is made of; `handshakeHeader` counts when `connection_init` brings no credential. */
export interface SocketCredentialDeps {
  readonly authenticate: Authenticate;
  readonly watch: CredentialWatch;
  readonly tenants: TenantSockets;
  readonly maxSocketsPerTenant: number;
  readonly logger: Logger;
}

interface CredentialSocket {
  readonly handshakeHeader: string | undefined;
  /** How the handshake was presented; a proof in a message stands in for its `DPoP` header. */
  readonly handshake: Presentation;
  readonly sink: SocketSink;
  readonly isOpen: () => boolean;
  readonly close: (reason: CloseReason) => void;
  readonly onInit: () => void;
}

/** How a credential in a message is presented: as the handshake was, with the message's own proof where it has one. */
const presentedBy = (handshake: Presentation, payload: Payload): Presentation => ({
  ...handshake,
  proof: proofIn(payload) ?? handshake.proof,
});

/** Makes the credential of one socket; `isOpen` tells whether it still matters. */
export const createSocketCredential = (deps: SocketCredentialDeps, socket: CredentialSocket): SocketCredential => {
  const { sink, close } = socket;
  let credential: Credential | null = null;
  let begun = false;
  let renewing = false;
  const watched: WatchedSocket = { credential: () => credential, close };
  const presentedWith = (payload: Payload) => presentedBy(socket.handshake, payload);
  const notAccepted = (error: unknown): void => {
    const reason = closeReasonOf(error);
    if (reason === null) deps.logger.warn({ error: errorMessage(error) }, "A credential could not be checked.");
    close(reason ?? { code: CLOSE.tryAgainLater, reason: "The credential can't be checked at the moment." });
  };
  const accept = (accepted: Credential): void => {
    if (!socket.isOpen()) return;
    if (!deps.tenants.take(accepted.caller.tenantId)) {
      const reason = `A tenant may have ${deps.maxSocketsPerTenant} sockets open.`;
      return close({ code: CLOSE.tryAgainLater, reason });
    }
    credential = accepted;
    deps.watch.add(watched);
    sink.send(serverMessage.ack());
  };
  const renew = (renewed: Credential): void => {
    if (credential === null) return;
    if (!sameRights(credential.caller, renewed.caller)) return close(RIGHTS_CHANGED);
    credential = renewed;
    sink.send(serverMessage.pong({ authorized: true, expiresAtMs: renewed.caller.expiresAtMs }));
  };
  return {
    current: () => credential,
    init: (payload) => {
      if (begun) return close({ code: CLOSE.tooManyInits, reason: "Too many initialisation requests" });
      begun = true;
      socket.onInit();
      const header = headerIn(payload) ?? socket.handshakeHeader;
      deps
        .authenticate(header, presentedWith(payload))
        .then((caller) => accept({ header: header ?? "", caller }), notAccepted);
    },
    ping: (payload) => {
      const header = headerIn(payload);
      if (header === null || credential === null) return sink.send(serverMessage.pong());
      if (renewing) return; // the renewal under way answers
      renewing = true;
      const done = deps
        .authenticate(header, presentedWith(payload))
        .then((caller) => renew({ header, caller }), notAccepted);
      void done.finally(() => {
        renewing = false;
      });
    },
    release: () => {
      deps.watch.remove(watched);
      if (credential !== null) deps.tenants.release(credential.caller.tenantId);
      credential = null;
    },
  };
};
