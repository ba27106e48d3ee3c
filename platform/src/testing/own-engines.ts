import { publishTestEngines, readTestEngines } from "./config.ts";
import { startEnginesHost, stopEnginesHost } from "./engines-host-process.ts";

/** Engines that one test file has to itself. */
export interface OwnEngines {
  /** Stops them; what is opened from then on uses those of the whole run again. */
  close(): Promise<void>;
}

/**
 * Starts engines for one test file; whatever it opens until it closes them uses these. For tests that have tables rewritten: a rewrite looks at every part of a
 * table, and the tables of the whole run have hundreds of other tests' parts.
 */
export const openOwnEngines = async (): Promise<OwnEngines> => {
  const shared = JSON.stringify(readTestEngines());
  publishTestEngines(await startEnginesHost());
  return {
    close: async () => {
      publishTestEngines(shared);
      await stopEnginesHost();
    },
  };
};
