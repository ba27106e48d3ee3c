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

/** Items read from the front of an array, which is cut now and then instead of at each read. */
const createItems = <T>() => {
  let items: T[] = [];
  let read = 0;
  return {
    size: () => items.length - read,
    add: (item: T) => void items.push(item),
    take: (): T | undefined => {
      const item = items[read];
      if (item === undefined) return undefined;
      read += 1;
      if (read >= 1_024) {
        items = items.slice(read);
        read = 0;
      }
      return item;
    },
    clear: () => {
      items = [];
      read = 0;
    },
  };
};

const finished = <T>(failure: unknown): Promise<IteratorResult<T>> =>
  failure === undefined
    ? Promise.resolve({ done: true, value: undefined })
    : Promise.reject(failure instanceof Error ? failure : new Error("The queue ended.", { cause: failure }));

/** Makes a {@link BoundedQueue} that holds at most `limit` items; `onEnd` runs once when it ends for whatever reason. */
export const createBoundedQueue = <T>(limit: number, onEnd: () => void): BoundedQueue<T> => {
  const items = createItems<T>();
  const waiting: Waiting<T>[] = [];
  let ended = false;
  let failure: unknown;

  const finish = (): Promise<IteratorResult<T>> => {
    const told = finished<T>(failure);
    failure = undefined;
    return told;
  };
  const end = (error?: unknown): void => {
    if (ended) return;
    ended = true;
    failure = error;
    for (const one of waiting.splice(0)) finish().then(one.resolve, one.reject);
    onEnd();
  };
  const push = (item: T): void => {
    if (ended) return;
    const first = waiting.shift();
    if (first !== undefined) first.resolve({ done: false, value: item });
    else if (items.size() < limit) items.add(item);
    else end(refuse("SLOW_CONSUMER", `More than ${limit} messages are waiting to be read.`));
  };
  return {
    push,
    end,
    next: () => {
      const item = items.take();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      if (ended) return finish();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    close: () => {
      items.clear();
      failure = undefined;
      end();
    },
    get size() {
      return items.size();
    },
  };
};
