import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { HttpServer } from "./server.ts";

/** Bytes one WebSocket message may have. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** Open sockets one process serves; above it new ones are refused with 503. */
export const MAX_SOCKETS = 20_000;

/** Takes over an accepted socket of one path. */
export type SocketHandler = (socket: WebSocket, request: IncomingMessage) => void;

/** One path that speaks WebSocket. */
export interface SocketRoute {
  readonly path: string;
  /** Picks the subprotocol; false refuses the handshake. */
  readonly protocol?: (offered: ReadonlySet<string>) => string | false;
  /** Looks at the handshake before it is accepted; a number is the HTTP status it is refused with. */
  readonly admit?: (request: IncomingMessage) => number | null;
  readonly handler: SocketHandler;
}

const refuseHandshake = (socket: Duplex, status: number): void => {
  const reasons: Readonly<Record<number, string>> = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    503: "Service Unavailable",
  };
  socket.end(`HTTP/1.1 ${status} ${reasons[status] ?? "Refused"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

/** The WebSocket side of an HTTP server: paths are added, handshakes for others are refused, and `stop` says goodbye to all sockets. */
export interface WebSockets {
  add(route: SocketRoute): void;
  readonly open: () => number;
  /** Closes every socket with 1001 (going away) and waits until they are gone, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const pathOf = (request: IncomingMessage): string => (request.url ?? "").split("?")[0] ?? "";

/** Attaches WebSocket handling to an HTTP server. */
export const attachWebSockets = (server: HttpServer): WebSockets => {
  const routes = new Map<string, { readonly route: SocketRoute; readonly accept: WebSocketServer }>();
  const sockets = new Set<WebSocket>();
  server.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const found = routes.get(pathOf(request));
    if (found === undefined) return refuseHandshake(socket, 404);
    if (sockets.size >= MAX_SOCKETS) return refuseHandshake(socket, 503);
    const refused = found.route.admit?.(request) ?? null;
    if (refused !== null) return refuseHandshake(socket, refused);
    found.accept.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.add(webSocket);
      webSocket.on("close", () => sockets.delete(webSocket));
      webSocket.on("error", () => webSocket.terminate());
      found.route.handler(webSocket, request);
    });
  });
  return {
    add: (route) => {
      const { protocol } = route;
      const accept = new WebSocketServer({
        noServer: true,
        maxPayload: MAX_MESSAGE_BYTES,
        perMessageDeflate: false,
        ...(protocol === undefined ? {} : { handleProtocols: protocol }),
      });
      routes.set(route.path, { route, accept });
    },
    open: () => sockets.size,
    stop: async (graceMs) => {
      for (const socket of sockets) socket.close(1001, "going away");
      const deadline = performance.now() + graceMs;
      while (sockets.size > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
      for (const socket of sockets) socket.terminate();
    },
  };
};
