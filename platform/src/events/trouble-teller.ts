import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";

/** Milliseconds after which trouble that goes on is told again. */
const TELL_AGAIN_MS = 60_000;

/** Tells of trouble that comes with every try: once when it begins or changes, once a minute while it lasts, and once when it is over. */
export interface TroubleTeller {
  failed(error: unknown): void;
  went(): void;
}

/** Builds {@link TroubleTeller} for a consumer of the event log. */
export const createTroubleTeller = (logger: Logger, consumer: string): TroubleTeller => {
  let told: { readonly error: string; readonly atMs: number } | null = null;
  return {
    failed: (thrown) => {
      const error = errorMessage(thrown);
      if (told?.error === error && performance.now() - told.atMs < TELL_AGAIN_MS) return;
      told = { error, atMs: performance.now() };
      logger.warn({ consumer, error }, "A consumer of the event log failed; everybody's entries wait for it.");
    },
    went: () => {
      if (told !== null) logger.info({ consumer }, "A consumer of the event log goes on.");
      told = null;
    },
  };
};
