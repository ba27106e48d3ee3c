import { errorMessage } from "../errors/error-message.ts";

/** Times an engine is started again within {@link WINDOW_MS}; one that ends more often has a reason that starting again does not mend. */
export const MAX_RESTARTS = 5;
/** Milliseconds over which restarts are counted. */
const WINDOW_MS = 60_000;

/** Milliseconds before an engine that could not be started is tried again; twice as many before each further try. */
const RETRY_PAUSE_MS = 1_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An engine process as its launcher gives it. */
export interface Engine {
  readonly pid: number;
  /** Resolves with a sentence when the process ends, asked or not. */
  readonly exited: Promise<string>;
  readonly stop: () => Promise<void>;
}

/** An engine that is started again when it ends unasked. */
export interface SupervisedEngine<E extends Engine> {
  /** The process that runs now. */
  readonly current: () => E;
  /** Resolves with a sentence when the engine is given up; never when it is stopped. */
  readonly gaveUp: Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Told of each restart. */
export type OnRestart = (sentence: string) => void;

/**
 * Watches a started engine and starts it again, at the same address, when it ends unasked: a killed engine costs its clients some failed
 * requests, not the instance. `restart` must give the engine the address of the first one.
 */
export const superviseEngine = <E extends Engine>(parts: {
  readonly first: E;
  readonly restart: () => Promise<E>;
  readonly onRestart: OnRestart;
  /** Waits so many milliseconds; a test need not. */
  readonly pause?: (ms: number) => Promise<void>;
}): SupervisedEngine<E> => {
  const { pause = sleep } = parts;
  let current = parts.first;
  let stopping = false;
  let restarting: Promise<unknown> = Promise.resolve();
  const restarts: number[] = [];

  /** Counts a restart; true when it is more than there may be. */
  const isOneTooMany = (): boolean => {
    const nowMs = performance.now();
    restarts.push(nowMs);
    return restarts.filter((atMs) => atMs > nowMs - WINDOW_MS).length > MAX_RESTARTS;
  };
  /**
   * Starts the engine, again if need be: what a killed one leaves behind (children that hold its shared memory, a port) may take a moment to
   * go. Answers why it can't be started; null once it runs.
   */
  const startAgain = async (): Promise<string | null> => {
    for (let waitMs = RETRY_PAUSE_MS; ; waitMs *= 2) {
      try {
        current = await parts.restart();
        return null;
      } catch (error) {
        if (stopping || isOneTooMany()) return errorMessage(error);
        parts.onRestart(`It could not be started: ${errorMessage(error)} Trying again.`);
        await pause(waitMs);
      }
    }
  };

  const watch = async (): Promise<string> => {
    for (;;) {
      const sentence = await current.exited;
      // An engine that was told to stop has not been given up.
      if (stopping) return new Promise<never>(() => undefined);
      if (isOneTooMany()) return `${sentence} It ended more than ${MAX_RESTARTS} times within a minute.`;
      parts.onRestart(`${sentence} Starting it again.`);
      const again = startAgain();
      restarting = again;
      const problem = await again;
      if (problem !== null) return `${sentence} It could not be started again: ${problem}`;
    }
  };
  const gaveUp = watch();
  return {
    current: () => current,
    gaveUp,
    stop: async () => {
      stopping = true;
      await restarting;
      await current.stop();
    },
  };
};
