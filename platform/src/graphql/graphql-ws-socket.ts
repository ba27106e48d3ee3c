import { CloseCode, handleProtocols, type Server } from "graphql-ws";
import type { WebSocket } from "ws";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";

/** Milliseconds between pings; a socket that does not answer one before the next is dropped. */
export const KEEP_ALIVE_MS = 12_000;
/** Characters a WebSocket close reason may have (RFC 6455: 123 bytes). */
const MAX_CLOSE_REASON = 120;

/** Picks the graphql-transport-ws subprotocol; false when the client does not offer it. */
export const graphqlWsProtocol = (offered: ReadonlySet<string>): string | false => handleProtocols(new Set(offered));

const keepAlive = (socket: WebSocket): (() => void) => {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, KEEP_ALIVE_MS);
  socket.on("pong", () => {
    answered = true;
  });
  return () => clearInterval(timer);
};

/**
 * Speaks the graphql-transport-ws protocol on an accepted socket. `send` settles when the bytes have left this process, so that a slow
 * reader holds back its own stream and nobody else's.
 */
export const openGraphqlWs = <Extra>(server: Server<Extra>, socket: WebSocket, extra: Extra, logger: Logger): void => {
  const stopPings = keepAlive(socket);
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise<void>((resolve) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(data, () => resolve());
        }),
      close: (code, reason) => socket.close(code, reason?.slice(0, MAX_CLOSE_REASON)),
      onMessage: (handle) => {
        socket.on("message", (data: Buffer) => {
          handle(data.toString("utf8")).catch((error: unknown) => {
            logger.error({ error: errorMessage(error) }, "A WebSocket message could not be handled.");
            socket.close(CloseCode.InternalServerError, "Internal server error");
          });
        });
      },
    },
    extra,
  );
  socket.once("close", (code: number, reason: Buffer) => {
    stopPings();
    closed(code, reason.toString("utf8")).catch((error: unknown) =>
      logger.error({ error: errorMessage(error) }, "A WebSocket did not close cleanly."),
    );
  });
};
