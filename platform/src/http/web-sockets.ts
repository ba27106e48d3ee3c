import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { formProblem, originForm } from "./request-form.ts";
import type { HttpServer } from "./server.ts";

/** Bytes one WebSocket message of a client may have: a document of some thousand tokens fits, and nobody can make a process hold more. */
export const MAX_MESSAGE_BYTES = 65_536;
/** Milliseconds a socket whose peer broke the protocol has to take the reason; then it is dropped. */
const FAREWELL_MS = 2_000;
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
  /** Bytes one message may have; {@link MAX_MESSAGE_BYTES} unless the peers are processes of the platform. A longer one closes with 1009. */
  readonly maxMessageBytes?: number;
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

const pathOf = (request: IncomingMessage): string => originForm(request).split("?")[0] ?? "";

/** Attaches WebSocket handling to an HTTP server. */
export const attachWebSockets = (server: HttpServer): WebSockets => {
  const routes = new Map<string, { readonly route: SocketRoute; readonly accept: WebSocketServer }>();
  const sockets = new Set<WebSocket>();
  server.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const found = routes.get(pathOf(request));
    if (formProblem(request) !== null) return refuseHandshake(socket, 400);
    if (found === undefined) return refuseHandshake(socket, 404);
    if (sockets.size >= MAX_SOCKETS) return refuseHandshake(socket, 503);
    const refused = found.route.admit?.(request) ?? null;
    if (refused !== null) return refuseHandshake(socket, refused);
    found.accept.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.add(webSocket);
      webSocket.on("close", () => sockets.delete(webSocket));
      // The library says why in a close frame (1009 for a message that is too long, 1002, 1007); dropped at once, nobody would read it.
      webSocket.on("error", () => setTimeout(() => webSocket.terminate(), FAREWELL_MS).unref());
      found.route.handler(webSocket, request);
    });
  });
  return {
    add: (route) => {
      const { protocol } = route;
      const accept = new WebSocketServer({
        noServer: true,
        maxPayload: route.maxMessageBytes ?? MAX_MESSAGE_BYTES,
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
