import { errorMessage } from "@tessera/platform/errors/error-message";
import { STOP_GRACE_MS } from "./lifecycle.ts";

/** Exit code of a process that was told to stop and did. */
const STOPPED = 0;
/** Exit code of a process that could not stop within its grace. */
const NOT_STOPPED = 1;

/** Stops once on SIGINT or SIGTERM; a second signal ends the process at once. Resolves when stopping is done. */
export const stopOnSignal = (stop: () => Promise<void>, say: (line: string) => void): void => {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(NOT_STOPPED);
    stopping = true;
    say(`\n${signal}: finishing what is being answered, then stopping. Once more ends at once.`);
    const timer = setTimeout(() => {
      say(`Not everything stopped within ${STOP_GRACE_MS / 1_000} s; ending anyway. Nothing acknowledged is lost.`);
      process.exit(NOT_STOPPED);
    }, STOP_GRACE_MS);
    stop().then(
      () => {
        clearTimeout(timer);
        say("Stopped.");
        process.exit(STOPPED);
      },
      (error: unknown) => {
        say(`Stopping failed: ${errorMessage(error)}`);
        process.exit(NOT_STOPPED);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
};
