import { nextPrefix, serverMessage } from "./protocol.ts";

/** One event, encoded once for everybody who receives it. */
export interface EncodedEvent {
  /** The execution result as JSON text. */
  readonly json: string;
  /** The event's own cursor, when the client selected it; where a reader that was cut off resumes. */
  readonly cursor: string | null;
}

/** The sending side of a socket, as outboxes see it. */
export interface SocketSink {
  readonly send: (text: string) => void;
  /** True while enough waits in the socket that more should wait outside. */
  readonly isFull: () => boolean;
  /** Asks to be flushed once the socket has room. */
  readonly waitForRoom: (flush: () => void) => void;
}

/** Messages of one subscription on their way into its socket. */
export interface Outbox {
  readonly next: (event: EncodedEvent) => void;
  /** Sends `complete` behind what is waiting. */
  readonly complete: () => void;
  /** Drops what is waiting and sends `error`, which ends the operation. */
  readonly fail: (errorsJson: string) => void;
  /** Drops what is waiting and sends nothing more. */
  readonly close: () => void;
  /** The cursor of the last event that went into the socket. */
  readonly lastCursor: () => string | null;
  /** Bytes of messages that went into the socket. */
  readonly sentBytes: () => number;
}

/**
 * Sends at once while the socket has room and keeps at most `limit` messages while it has none; one more, and `onOverflow` is told. Waiting
 * messages share their text with all other readers.
 */
export const createOutbox = (
  operationId: string,
  sink: SocketSink,
  limits: { readonly maxWaiting: number; readonly onOverflow: () => void },
): Outbox => {
  const prefix = nextPrefix(operationId);
  let waiting: EncodedEvent[] = [];
  let lastCursor: string | null = null;
  let sentBytes = 0;
  let state: "open" | "completing" | "closed" = "open";

  const write = (event: EncodedEvent): void => {
    const message = `${prefix}${event.json}}`;
    sink.send(message);
    sentBytes += Buffer.byteLength(message);
    lastCursor = event.cursor ?? lastCursor;
  };
  const close = (): void => {
    state = "closed";
    waiting = [];
  };
  const flush = (): void => {
    let sent = 0;
    while (sent < waiting.length && !sink.isFull()) {
      const event = waiting[sent];
      if (event !== undefined) write(event);
      sent += 1;
    }
    waiting.splice(0, sent);
    if (waiting.length > 0) return sink.waitForRoom(flush);
    if (state !== "completing") return;
    sink.send(serverMessage.complete(operationId));
    close();
  };
  return {
    next: (event) => {
      if (state !== "open") return;
      if (waiting.length === 0 && !sink.isFull()) return write(event);
      if (waiting.length >= limits.maxWaiting) return limits.onOverflow();
      waiting.push(event);
      if (waiting.length === 1) sink.waitForRoom(flush);
    },
    complete: () => {
      if (state !== "open") return;
      state = "completing";
      if (waiting.length === 0) flush();
    },
    fail: (errorsJson) => {
      if (state === "closed") return;
      close();
      sink.send(serverMessage.error(operationId, errorsJson));
    },
    close,
    lastCursor: () => lastCursor,
    sentBytes: () => sentBytes,
  };
};
