import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOCK_FILE_NAME } from "../engines/data-directory.ts";
import { recordedCluster } from "../engines/embedded-postgres.ts";
import { isHomeHeld } from "../engines/home-lock.ts";
import { findRunningPostmaster, stopPostmaster } from "../engines/postmaster.ts";
import { systemErrorCode } from "../engines/start-problem.ts";

/** Beginning of the name of a test run's data directory. */
export const TEST_HOME_PREFIX = "tessera-test-engines-";

/** Entries of a directory; none when it belongs to another user or has just been removed. */
const entriesOf = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["EACCES", "ENOENT"].includes(systemErrorCode(error) ?? "")) return [];
    throw error;
  }
};

/** Ends the PostgreSQL of a data directory when it still runs, and removes the directory and what stands outside of it. */
export const removeTestHome = async (home: string): Promise<void> => {
  const cluster = recordedCluster(join(home, "postgres"));
  if (cluster !== null) {
    const postmaster = findRunningPostmaster(cluster);
    if (postmaster !== null) await stopPostmaster(postmaster.pid);
    // <instance>/server/data: as root, under a directory that nobody may not enter, the cluster is kept elsewhere.
    if (!cluster.startsWith(home)) rmSync(dirname(dirname(cluster)), { recursive: true, force: true });
  }
  rmSync(home, { recursive: true, force: true });
};

/**
 * Removes the engines of test runs whose host process was killed (ClickHouse ends by itself). A directory without a lock is left alone: its
 * run may be about to take one. Answers the directories removed.
 */
export const removeAbandonedEngines = async (temporaryDirectory: string): Promise<readonly string[]> => {
  const removed: string[] = [];
  for (const name of readdirSync(temporaryDirectory)) {
    const home = join(temporaryDirectory, name);
    if (!name.startsWith(TEST_HOME_PREFIX) || !entriesOf(home).includes(LOCK_FILE_NAME)) continue;
    if (isHomeHeld(join(home, LOCK_FILE_NAME))) continue;
    await removeTestHome(home);
    removed.push(home);
  }
  return removed;
};
