import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { graphqlWsProtocol, KEEP_ALIVE_MS } from "@tessera/platform/graphql/graphql-ws-socket";
import type { WebSockets } from "@tessera/platform/http/web-sockets";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import { refuseCredentialInUrl } from "@tessera/platform/http/credential-in-url";
import { GRAPHQL_PATH } from "../http/graphql-route.ts";
import type { Origins } from "@tessera/platform/http/origins";
import { CLOSE } from "./protocol.ts";
import { openSession, type Session, type SessionDeps } from "./socket-session.ts";

/** The gateway's WebSocket side. */
export interface GraphqlSockets {
  readonly open: () => number;
  /** Closes every socket with 1001; clients reconnect elsewhere and resume behind their cursor. */
  readonly stop: () => void;
}

interface OpenSocket {
  readonly socket: WebSocket;
  readonly session: Session;
  answered: boolean;
}

/** HTTP status a handshake is refused with, before anything is accepted; null lets it in. */
const admit = (request: IncomingMessage, origins: Origins, serving: boolean): number | null => {
  if (!serving) return 503;
  if (!origins.admits(request)) return 403;
  try {
    refuseCredentialInUrl(request.url ?? "");
    return null;
  } catch {
    return 400;
  }
};

/** Adds `/graphql` over WebSocket; one timer pings all sockets and drops those that did not answer the ping before. */
export const serveGraphqlSockets = (deps: {
  readonly webSockets: WebSockets;
  readonly origins: Origins;
  readonly serving: () => SessionDeps | null;
  readonly metrics: GatewayMetrics;
}): GraphqlSockets => {
  const sockets = new Set<OpenSocket>();
  const handle = (socket: WebSocket, request: IncomingMessage): void => {
    const session = deps.serving();
    if (session === null) return socket.close(CLOSE.tryAgainLater, "The gateway is starting or leaving.");
    if (socket.protocol === "") return socket.close(CLOSE.protocolNotAcceptable, "Subprotocol not acceptable");
    const open: OpenSocket = { socket, session: openSession(socket, request, session), answered: true };
    sockets.add(open);
    deps.metrics.sockets(sockets.size);
    socket.on("pong", () => {
      open.answered = true;
    });
    socket.once("close", () => {
      sockets.delete(open);
      deps.metrics.sockets(sockets.size);
    });
  };
  deps.webSockets.add({
    path: GRAPHQL_PATH,
    protocol: graphqlWsProtocol,
    admit: (request) => admit(request, deps.origins, deps.serving() !== null),
    handler: handle,
  });
  const pings = setInterval(() => {
    for (const open of sockets) {
      if (!open.answered) open.socket.terminate();
      else {
        open.answered = false;
        open.socket.ping();
      }
    }
  }, KEEP_ALIVE_MS);
  pings.unref();
  return {
    open: () => sockets.size,
    stop: () => {
      clearInterval(pings);
      for (const { session } of sockets) session.close({ code: CLOSE.goingAway, reason: "going away" });
    },
  };
};
