import { WebSocket } from "ws";

/** A message of the server, as a test reads it. */
export interface ServerMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A raw graphql-transport-ws client, so that tests see each message and each close as it is. */
export interface TestSocket {
  readonly send: (message: unknown) => void;
  readonly subscribe: (id: string, payload: Record<string, unknown>) => void;
  readonly complete: (id: string) => void;
  /** The next message; rejects when the socket closes first. */
  readonly next: () => Promise<ServerMessage>;
  /** Messages that came and were not asked for. */
  readonly unread: () => readonly ServerMessage[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Stops and resumes reading from the network. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly close: () => void;
  /** Waits for a condition of the test. */
  readonly until: (condition: () => boolean) => Promise<void>;
}

/** Milliseconds a condition may take before the test fails. */
const PATIENCE_MS = 8_000;

/** Waits until something holds; rejects when it does not in time. */
export const until = async (condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("The condition did not come to hold.");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const isMessage = (value: unknown): value is ServerMessage =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

const receiver = (socket: WebSocket) => {
  const unread: ServerMessage[] = [];
  const waiting: { resolve: (message: ServerMessage) => void; reject: (error: Error) => void }[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code: number, reason: Buffer) => {
      resolve({ code, reason: reason.toString() });
      for (const { reject } of waiting) reject(new Error(`closed: ${code} ${reason.toString()}`));
    });
  });
  socket.on("message", (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString());
    if (!isMessage(message)) throw new Error("not a message");
    const reader = waiting.shift();
    if (reader === undefined) unread.push(message);
    else reader.resolve(message);
  });
  const next = (): Promise<ServerMessage> => {
    const message = unread.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  return { unread: () => unread, next, closed };
};

/** Opens the socket without `connection_init`; rejects with the handshake's status when it is refused. */
export const openRaw = async (
  { wsUrl }: { readonly wsUrl: string },
  options: { headers?: Record<string, string>; origin?: string; protocol?: string } = {},
): Promise<TestSocket> => {
  const { headers, origin, protocol = "graphql-transport-ws" } = options;
  const socket = new WebSocket(wsUrl, protocol === "" ? [] : [protocol], {
    ...(headers === undefined ? {} : { headers }),
    ...(origin === undefined ? {} : { origin }),
  });
  const received = receiver(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  const send = (message: unknown): void => socket.send(typeof message === "string" ? message : JSON.stringify(message));
  return {
    ...received,
    until,
    send,
    subscribe: (id, payload) => send({ id, type: "subscribe", payload }),
    complete: (id) => send({ id, type: "complete" }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
  };
};

/** Opens a socket and initialises it. */
export const openSocket = async (
  address: { readonly wsUrl: string },
  payload: Record<string, unknown>,
): Promise<TestSocket> => {
  const socket = await openRaw(address);
  socket.send({ type: "connection_init", payload });
  const answer = await socket.next();
  if (answer.type !== "connection_ack") throw new Error(`not acknowledged: ${answer.type}`);
  return socket;
};
