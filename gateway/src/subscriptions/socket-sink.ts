import type { WebSocket } from "ws";
import type { SocketSink } from "./outbox.ts";

/** A socket's sending side: nothing is sent once it is closing, and whoever waits is flushed when half of the buffer has left. */
export const createSocketSink = (socket: WebSocket, maxBufferBytes: number): SocketSink => {
  const waiting = new Set<() => void>();
  const flushWaiting = (): void => {
    if (waiting.size === 0 || socket.bufferedAmount > maxBufferBytes / 2) return;
    const flushes = [...waiting];
    waiting.clear();
    for (const flush of flushes) flush();
  };
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text, flushWaiting);
    },
    isFull: () => socket.bufferedAmount >= maxBufferBytes,
    waitForRoom: (flush) => void waiting.add(flush),
  };
};
