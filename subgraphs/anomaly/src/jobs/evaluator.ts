import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";

/** Milliseconds between looks for due rules when the last look found few; well under the shortest interval of a rule. */
export const LOOK_MS = 1_000;

/** Runs `evaluateDue` again and again: at once while it finds `full` or more, after a pause otherwise. Stopping waits for the running one. */
export const createEvaluator = (deps: {
  evaluateDue: () => Promise<number>;
  full: number;
  logger: Logger;
}): Background => {
  const state = { stopping: false };
  let wake = (): void => undefined;
  let running: Promise<void> = Promise.resolve();

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const look = async (): Promise<boolean> => {
    try {
      return (await deps.evaluateDue()) >= deps.full;
    } catch (error) {
      deps.logger.warn({ error: errorMessage(error) }, "Due rules can't be claimed; trying again.");
      return false;
    }
  };
  const loop = async (): Promise<void> => {
    while (!state.stopping) {
      const more = await look();
      if (!more && !state.stopping) await pause();
    }
  };
  return {
    name: "anomaly-evaluator",
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
