import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";

/** A background part that does something again and again; `runOnce` does it now and tells what went wrong. */
export interface Schedule extends Background {
  runOnce(): Promise<void>;
}

/**
 * Builds a schedule: the first round begins when it starts, the next one `everyMs` after the last has ended; a round that failed is logged and the
 * next one makes up for it. Every worker runs it, so the work must be the same when done twice.
 */
export const createSchedule = (parts: {
  readonly name: string;
  readonly everyMs: number;
  readonly logger: Logger;
  readonly work: () => Promise<void>;
}): Schedule => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = true;
  const round = async (): Promise<void> => {
    await parts
      .work()
      .catch((error: unknown) =>
        parts.logger.warn({ schedule: parts.name, error: errorMessage(error) }, "A scheduled round failed."),
      );
    if (!stopped) timer = setTimeout(begin, parts.everyMs);
  };
  const begin = (): void => {
    running = round();
  };
  return {
    name: parts.name,
    runOnce: parts.work,
    start: () => {
      stopped = false;
      begin();
      return Promise.resolve();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};
