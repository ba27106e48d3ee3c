import { errorMessage } from "../errors/error-message.ts";
import type { Background } from "../graphql/subgraph.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What is looked for again and again. */
export interface RepeatedLook {
  readonly name: string;
  /** Milliseconds between looks when the last one left nothing. */
  readonly everyMs: number;
  /** Looks, and does what is due; true when there may be more at once. */
  readonly look: () => Promise<boolean>;
  /** What is told when looking fails; the next look follows after a pause. */
  readonly trouble: string;
  readonly logger: Logger;
}

/** Looks again and again: at once while there may be more, after a pause otherwise. Stopping waits for the look under way. */
export const createRepeatedLook = ({ name, everyMs, look, trouble, logger }: RepeatedLook): Background => {
  const state = { stopping: false };
  let wake = (): void => undefined;
  let running: Promise<void> = Promise.resolve();
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const lookSafely = async (): Promise<boolean> => {
    try {
      return await look();
    } catch (error) {
      logger.warn({ error: errorMessage(error) }, trouble);
      return false;
    }
  };
  const loop = async (): Promise<void> => {
    while (!state.stopping) {
      const more = await lookSafely();
      if (!more && !state.stopping) await pause();
    }
  };
  return {
    name,
    start: () => {
      state.stopping = false;
      running = loop();
      return Promise.resolve();
    },
    stop: async () => {
      state.stopping = true;
      wake();
      await running;
    },
  };
};
