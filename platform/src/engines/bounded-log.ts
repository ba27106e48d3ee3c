import { copyFileSync, openSync, statSync, truncateSync } from "node:fs";
import { PRIVATE_FILE_MODE } from "./private-file.ts";

/** Size at which an engine's own log is set aside as `<name>.1`, so that two times this is the most it can take. */
export const ENGINE_LOG_MAX_BYTES = 8 * 1024 * 1024;

/** How often the size of a log that the engine writes itself is looked at. */
const LOG_CHECK_INTERVAL_MS = 60_000;

/** Sets a log aside once it is larger than the bound; the engine appends, so it goes on at the new beginning. */
export const trimLog = (path: string, maxBytes: number = ENGINE_LOG_MAX_BYTES): void => {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
};

/** Opens a log for appending (mode 0600), after trimming it. */
export const openBoundedLog = (path: string): number => {
  trimLog(path);
  return openSync(path, "a", PRIVATE_FILE_MODE);
};

/** Keeps a log bounded while its engine runs, without keeping this process alive; returns the function that ends the watch. */
export const watchLogSize = (path: string): (() => void) => {
  const timer = setInterval(() => trimLog(path), LOG_CHECK_INTERVAL_MS).unref();
  return () => clearInterval(timer);
};
