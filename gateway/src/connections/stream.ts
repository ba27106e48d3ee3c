import type { ExecutionResult } from "graphql";

type Done = IteratorReturnResult<undefined>;
type Step = IteratorResult<ExecutionResult, undefined>;
const DONE: Done = { done: true, value: undefined };

/**
 * An iterator over a stream that opens on the first `next`.
 * `return` settles a pending `next` at once and closes the upstream: an async generator would queue it behind that `next`
 * and keep the upstream subscribed until its next event.
 */
export const lazyStream = (
  open: () => Promise<AsyncIterator<ExecutionResult> | ExecutionResult>,
  onClose: () => void = () => {},
): AsyncIterableIterator<ExecutionResult, undefined> => {
  let upstream: Promise<AsyncIterator<ExecutionResult> | ExecutionResult> | undefined;
  let finish: (step: Done) => void = () => {};
  const finished = new Promise<Done>((resolve) => (finish = resolve));
  let closed = false;
  let refused = false;

  const close = () => {
    if (closed) return;
    closed = true;
    finish(DONE);
    onClose();
    void upstream?.then(
      (source) => ("next" in source ? source.return?.() : undefined),
      () => undefined,
    );
  };
  const pull = async (): Promise<Step> => {
    upstream ??= open();
    const source = await upstream;
    if (!("next" in source)) {
      if (refused) return DONE;
      refused = true;
      return { done: false, value: source };
    }
    const step = await source.next();
    if (step.done === true) {
      close();
      return DONE;
    }
    return { done: false, value: step.value };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (closed) return DONE;
      try {
        return await Promise.race([pull(), finished]);
      } catch (error) {
        close();
        throw error;
      }
    },
    return() {
      close();
      return Promise.resolve(DONE);
    },
    throw(error: unknown) {
      close();
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    },
  };
};
