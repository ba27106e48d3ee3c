import { createBoundedQueue } from "@tessera/platform/events/bounded-queue";
import type { LogEntry, LogFollower } from "@tessera/platform/events/event-log";

/** A follower of an event log whose entries a test pushes by hand; bounded as the log's own are. */
export interface ScriptedFollower {
  readonly follower: LogFollower;
  push(entry: LogEntry): void;
  end(error?: unknown): void;
  readonly returned: boolean;
}

/** Makes a follower that holds at most `limit` unread entries. */
export const scriptedFollower = (limit = 100): ScriptedFollower => {
  let returned = false;
  const queue = createBoundedQueue<LogEntry>(limit, () => undefined);
  const follower: LogFollower = {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => queue.next(),
    return: () => {
      returned = true;
      queue.close();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return {
    follower,
    push: (entry) => queue.push(entry),
    end: (error) => queue.end(error),
    get returned() {
      return returned;
    },
  };
};
