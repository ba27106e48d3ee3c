/** What a subscription reads from: `return` ends it at once, also while a `next` is waiting. */
export interface LiveIterator<T> extends AsyncIterableIterator<T> {
  return(): Promise<IteratorResult<T>>;
}

/**
 * Makes an iterator from two functions. Calls of `next` run one after the other; `return` runs at once and makes the waiting `next` end, which an
 * async generator can't do: there `return` queues behind the pending `next` and the upstream stays open.
 */
export const createLiveIterator = <T>(parts: {
  readonly next: () => Promise<IteratorResult<T>>;
  /** Ends whatever `next` is waiting for; is called once, also when `next` ends or fails. */
  readonly close: () => void;
}): LiveIterator<T> => {
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    parts.close();
  };
  const done: IteratorResult<T> = { done: true, value: undefined };
  const step = async (): Promise<IteratorResult<T>> => {
    if (closed) return done;
    try {
      const result = await parts.next();
      if (result.done === true) close();
      return closed ? done : result;
    } catch (error) {
      if (closed) return done;
      close();
      throw error;
    }
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => {
      const result = turn.then(step);
      turn = result.catch(() => undefined);
      return result;
    },
    return: () => {
      close();
      return Promise.resolve(done);
    },
  };
};

/** Gives each value another shape; `return` and errors pass through, errors by way of `meaning`. */
export const mapLive = <T, U>(
  source: LiveIterator<T>,
  shape: (value: T) => U,
  meaning: (error: unknown) => unknown = (error) => error,
): LiveIterator<U> =>
  createLiveIterator<U>({
    next: async () => {
      try {
        const result = await source.next();
        return result.done === true ? { done: true, value: undefined } : { done: false, value: shape(result.value) };
      } catch (error) {
        throw meaning(error);
      }
    },
    close: () => void source.return(),
  });
