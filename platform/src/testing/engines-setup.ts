import { startEnginesHost } from "./engines-host-process.ts";
import { publishTestEngines } from "./config.ts";

/** Jest's globalSetup of the `db` project: real engines, migrated, once per run. */
export default async (): Promise<void> => {
  publishTestEngines(await startEnginesHost());
};
