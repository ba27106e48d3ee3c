import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Probe } from "@tessera/platform/http/health";
import type { Logger } from "@tessera/platform/telemetry/logger";

/** Milliseconds between tries to start a part whose dependency is down: its return is seen well within ten seconds. */
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 2_000;
/** Milliseconds all parts together have to stop; what is still running then is ended with the process. */
export const STOP_GRACE_MS = 15_000;

/** A part of a process that starts and stops. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Parts of a process in start order. */
export interface Lifecycle {
  /** Starts every part in order; a part whose dependency is down is tried again until it comes up. Resolves when all are up. */
  start(): Promise<void>;
  /** Stops started parts in reverse order; one that fails to stop does not keep the others. */
  stop(): Promise<void>;
  /** Not ready while parts are still starting; names the one it waits for. */
  readonly probe: Probe;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Builds a lifecycle over parts in start order. With `giveUpAfterMs` a part that can't start for so long ends the start with its error:
 * right where the dependencies are known to be up; without it parts are tried for ever.
 */
export const createLifecycle = (
  parts: readonly Part[],
  logger: Logger,
  giveUpAfterMs = Number.POSITIVE_INFINITY,
): Lifecycle => {
  const started: Part[] = [];
  let waitingFor: string | null = parts[0]?.name ?? null;
  let stopping = false;

  const startOne = async (part: Part): Promise<void> => {
    const deadline = performance.now() + giveUpAfterMs;
    for (let pauseMs = FIRST_RETRY_MS; !stopping; pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      try {
        await part.start();
        started.push(part);
        return;
      } catch (error) {
        if (performance.now() > deadline)
          throw new Error(`${part.name} could not start: ${errorMessage(error)}`, { cause: error });
        logger.warn(
          { part: part.name, error: errorMessage(error), retryInMs: pauseMs },
          "A part could not start; trying again.",
        );
        await sleep(pauseMs);
      }
    }
  };
  return {
    start: async () => {
      for (const part of parts) {
        waitingFor = part.name;
        await startOne(part);
        if (stopping) return;
      }
      waitingFor = null;
    },
    stop: async () => {
      stopping = true;
      for (const part of started.splice(0).toReversed()) {
        await part
          .stop()
          .catch((error: unknown) =>
            logger.error({ part: part.name, error: errorMessage(error) }, "A part did not stop cleanly."),
          );
      }
    },
    probe: {
      name: "startup",
      check: () =>
        waitingFor === null ? Promise.resolve() : Promise.reject(new Error(`waiting for ${waitingFor} to start`)),
    },
  };
};
