import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { presentationOf } from "@tessera/platform/auth/presentation";
import { refuse } from "@tessera/platform/errors/refusal";
import { refuseCredentialInUrl } from "@tessera/platform/http/credential-in-url";
import type { Origins } from "@tessera/platform/http/origins";
import type { HttpServer } from "@tessera/platform/http/server";
import type { WebSockets } from "@tessera/platform/http/web-sockets";
import { traceIdOf } from "@tessera/platform/telemetry/trace-context";
import { createInputCheck } from "../../http/check-input.ts";
import { DEFAULT_TIMEFRAME, parseTimeframe } from "../realtime-metrics/timeframe.ts";
import { realtimeStreamDescription } from "./description.ts";
import { clientMessageSchema } from "./messages.ts";
import { HEARTBEAT_SECONDS, openStreamSession, type StreamDeps, type StreamRequest } from "./stream-session.ts";

/** Messages a client may send between two heartbeats; it has nothing to say but credentials and pings. */
const MAX_MESSAGES_PER_HEARTBEAT = 60;

const checkQuery = createInputCheck(realtimeStreamDescription.query);
const checkMessage = createInputCheck(clientMessageSchema);
const { path } = realtimeStreamDescription;

interface OpenStream {
  readonly socket: WebSocket;
  answered: boolean;
  received: number;
}

const searchOf = (request: IncomingMessage): URLSearchParams =>
  new URLSearchParams((request.url ?? "").split("?").slice(1).join("?"));

const parseRequest = (request: IncomingMessage, traceId: string): StreamRequest => {
  const query = checkQuery(Object.fromEntries(searchOf(request)));
  const timeframe = parseTimeframe(query.timeframe ?? DEFAULT_TIMEFRAME);
  return { tenantId: query.tenant_id, timeframe, cursor: query.cursor, traceId, problem: null };
};

const askedOf = (request: IncomingMessage, traceId: string): StreamRequest => {
  try {
    return parseRequest(request, traceId);
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown : new Error("The request can't be read.", { cause: thrown });
    return { tenantId: undefined, timeframe: "", cursor: undefined, traceId, problem };
  }
};

const parseMessage = (data: Buffer) => {
  try {
    return checkMessage(JSON.parse(data.toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse("BAD_INPUT", "A message is JSON.", {}, error);
    throw error;
  }
};

/** Before anything is accepted: 403 for pages of strangers, 400 for a credential in the URL, which may be in logs by now and must not work. */
const admit = (request: IncomingMessage, origins: Origins): number | null => {
  if (!origins.admits(request)) return 403;
  try {
    refuseCredentialInUrl(request.url ?? "");
    return null;
  } catch {
    return 400;
  }
};

const handle = (socket: WebSocket, request: IncomingMessage, deps: StreamDeps, stream: OpenStream): void => {
  const traceId = traceIdOf(request.headers.traceparent);
  const { authorization } = request.headers;
  const asked = askedOf(request, traceId);
  const handshake = {
    authorization,
    presentation: presentationOf(request),
    clientAddress: deps.clientAddress(request),
  };
  const session = openStreamSession(socket, { ...asked, ...handshake }, deps);
  if (asked.problem !== null && authorization === undefined) return session.fail(asked.problem);
  socket.on("message", (data: Buffer) => {
    stream.received += 1;
    if (stream.received > MAX_MESSAGES_PER_HEARTBEAT)
      return session.fail(
        refuse("RATE_LIMITED", `A client may send ${MAX_MESSAGES_PER_HEARTBEAT} messages per heartbeat.`),
      );
    try {
      session.receive(parseMessage(data));
    } catch (error) {
      session.fail(error);
    }
  });
};

const beat = (streams: ReadonlySet<OpenStream>, at: string): void => {
  for (const stream of streams) {
    stream.received = 0;
    if (!stream.answered) {
      stream.socket.terminate();
      continue;
    }
    stream.answered = false;
    stream.socket.ping();
    // A reader that has not taken the last messages yet gets no heartbeat on top: what waits for it tells as much.
    if (stream.socket.bufferedAmount === 0) stream.socket.send(JSON.stringify({ type: "heartbeat", at }));
  }
};

/** Adds WebSocket /api/v2/analytics/realtime/stream; one timer beats for all sockets and ends with the server. */
export const registerRealtimeStream = (
  server: HttpServer,
  webSockets: WebSockets,
  deps: StreamDeps,
  origins: Origins,
): void => {
  const streams = new Set<OpenStream>();
  webSockets.add({
    path,
    admit: (request) => admit(request, origins),
    handler: (socket, request) => {
      const stream: OpenStream = { socket, answered: true, received: 0 };
      streams.add(stream);
      socket.on("pong", () => {
        stream.answered = true;
      });
      socket.once("close", () => streams.delete(stream));
      handle(socket, request, deps, stream);
    },
  });
  const timer = setInterval(() => beat(streams, new Date(deps.nowMs()).toISOString()), HEARTBEAT_SECONDS * 1_000);
  timer.unref();
  server.addHook("onClose", (_server, done) => {
    clearInterval(timer);
    done();
  });
  server.get(path, (_request, reply) => {
    void reply.header("upgrade", "websocket").header("allow", "GET");
    throw refuse("BAD_INPUT", "This address speaks WebSocket: send `Upgrade: websocket`.");
  });
};
