import { refuse } from "../errors/refusal.ts";

/**
 * A single-reader queue with an end and a bound. `next()` waits for an item; a push over the bound ends the queue with SLOW_CONSUMER, so that a
 * slow reader costs bounded memory and learns that it must resume from its cursor.
 */
export interface BoundedQueue<T> {
  push(item: T): void;
  /** Ends the queue; what is already queued is still read, then `error` is thrown, if any. */
  end(error?: unknown): void;
  next(): Promise<IteratorResult<T>>;
  /** Ends at once and drops what is queued. */
  close(): void;
  readonly size: number;
}

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes a {@link BoundedQueue} that holds at most `limit` items; `onEnd` runs once when it ends for whatever reason. */
export const createBoundedQueue = <T>(limit: number, onEnd: () => void): BoundedQueue<T> => {
  const items: T[] = [];
  let read = 0;
  let waiting: Waiting<T>[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | null = null;

  const finish = (): Promise<IteratorResult<T>> => {
    if (failure === null) return Promise.resolve({ done: true, value: undefined });
    const { error } = failure;
    failure = null;
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  };
  const settleWaiting = (): void => {
    const settled = waiting;
    waiting = [];
    for (const one of settled) finish().then(one.resolve, one.reject);
  };
  const end = (error?: unknown): void => {
    if (ended) return;
    ended = true;
    if (error !== undefined) failure = { error };
    settleWaiting();
    onEnd();
  };
  const compact = (): void => {
    if (read < 1_024) return;
    items.splice(0, read);
    read = 0;
  };
  return {
    push: (item) => {
      if (ended) return;
      const [first, ...rest] = waiting;
      if (first !== undefined) {
        waiting = rest;
        first.resolve({ done: false, value: item });
      } else if (items.length - read >= limit) {
        end(refuse("SLOW_CONSUMER", `More than ${limit} messages are waiting to be read.`));
      } else {
        items.push(item);
      }
    },
    end,
    next: () => {
      const item = items[read];
      if (item !== undefined) {
        read += 1;
        compact();
        return Promise.resolve({ done: false, value: item });
      }
      if (ended) return finish();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    close: () => {
      items.length = 0;
      read = 0;
      failure = null;
      end();
    },
    get size() {
      return items.length - read;
    },
  };
};
