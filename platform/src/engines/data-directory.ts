import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, realpathSync, statfsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { takeHomeLock } from "./home-lock.ts";
import { readPrivateJson, writePrivateJson } from "./private-file.ts";
import { firstClosedDirectory, unprivilegedRunUser, type RunUser } from "./run-user.ts";
import { StartProblem, systemErrorCode } from "./start-problem.ts";

/** Layout of the data directory; raised when an older Tessera could no longer read it. */
export const DATA_DIRECTORY_VERSION = 1;

/** Names the process that uses the data directory. */
export const LOCK_FILE_NAME = "tessera.lock";

/** Free space below which no engine is started: a full disk stops PostgreSQL in the middle of its log. */
export const MIN_FREE_BYTES = 512 * 1024 ** 2;

/** Where PostgreSQL's files go when this process is root and `nobody` may not enter the data directory. */
export const ROOT_FALLBACK_DIRECTORY = "/var/lib/tessera";

const versionSchema = z.object({ version: z.number().int().positive(), instanceId: z.uuid() });

/** Bytes that are free for this process on the file system of a path. */
export type ReadFreeBytes = (path: string) => number;

/** What `openDataDirectory` needs; the readers of the system are arguments so that its refusals can be shown. */
export type DataDirectoryOptions = {
  readonly home: string;
  readonly minFreeBytes?: number | undefined;
  readonly freeBytes?: ReadFreeBytes | undefined;
  readonly runUser?: RunUser | null | undefined;
  readonly rootFallback?: string | undefined;
  readonly onProgress?: ((sentence: string) => void) | undefined;
};

/** A prepared and locked data directory. */
export type DataDirectory = {
  /** Absolute path without symbolic links. */
  readonly home: string;
  readonly clickHouseDirectory: string;
  readonly postgresDirectory: string;
  /** Where PostgreSQL's own files go; outside of `home` when its user may not enter that. */
  readonly postgresServerDirectory: string;
  /** Gives the lock back. */
  readonly release: () => void;
};

const freeBytesOf: ReadFreeBytes = (path) => {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
};

const permissionCodes = ["EACCES", "EPERM", "EROFS", "ENOTDIR"];

const createHome = (path: string, user: RunUser | null): string => {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // As root, the server's user passes through here to its own directory; names and content stay closed to it.
    chmodSync(path, user === null ? 0o700 : 0o711);
    return realpathSync(path);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "ENOSPC")
      throw new StartProblem(
        "DISK_FULL",
        `There is no space left to create the data directory ${path}: free some and start again.`,
        { cause },
      );
    if (!permissionCodes.includes(code ?? "")) throw cause;
    throw new StartProblem(
      "HOME_PERMISSION",
      `The data directory ${path} cannot be created or owned by this user (${code ?? "unknown"}): give it to this user with chown, or set TESSERA_HOME to a directory of your own.`,
      { cause },
    );
  }
};

const checkFreeSpace = (
  home: string,
  { freeBytes = freeBytesOf, minFreeBytes = MIN_FREE_BYTES }: DataDirectoryOptions,
): void => {
  const free = freeBytes(home);
  if (free >= minFreeBytes) return;
  const megabytes = (bytes: number): number => Math.floor(bytes / 1024 ** 2);
  throw new StartProblem(
    "DISK_FULL",
    `Only ${megabytes(free)} MB are free for the data directory ${home}, and Tessera needs at least ${megabytes(minFreeBytes)} MB to run safely: free some space or set TESSERA_HOME to another disk.`,
  );
};

/** Reads or creates version.json; refuses before anything is touched when a newer Tessera wrote it. */
const instanceOf = (home: string): string => {
  const path = join(home, "version.json");
  const known = readPrivateJson(path, versionSchema);
  if (known === null) {
    const instanceId = randomUUID();
    writePrivateJson(path, { version: DATA_DIRECTORY_VERSION, instanceId });
    return instanceId;
  }
  if (known.version <= DATA_DIRECTORY_VERSION) return known.instanceId;
  throw new StartProblem(
    "HOME_NEWER",
    `The data directory ${home} was written by a newer Tessera (layout ${known.version}, this one knows ${DATA_DIRECTORY_VERSION}): start that version, or set TESSERA_HOME to another directory. Nothing was changed.`,
  );
};

const postgresServerDirectory = (
  home: string,
  instanceId: string,
  user: RunUser | null,
  options: DataDirectoryOptions,
): string => {
  const inside = join(home, "postgres", "server");
  const closed = user === null ? null : firstClosedDirectory(dirname(home), user);
  if (closed === null) return inside;
  const { rootFallback = ROOT_FALLBACK_DIRECTORY } = options;
  const outside = join(rootFallback, instanceId);
  mkdirSync(outside, { recursive: true });
  for (const directory of [rootFallback, outside]) chmodSync(directory, 0o711);
  options.onProgress?.(
    `PostgreSQL may not run as root and nobody may not enter ${closed}: its files are kept in ${outside}.`,
  );
  return join(outside, "server");
};

/** Prepares and locks the data directory (TESSERA_HOME), or throws a StartProblem with nothing damaged. */
export const openDataDirectory = (options: DataDirectoryOptions): DataDirectory => {
  const { runUser: user = unprivilegedRunUser() } = options;
  const home = createHome(resolve(options.home), user);
  checkFreeSpace(home, options);
  const lock = takeHomeLock(join(home, LOCK_FILE_NAME), home);
  try {
    if (lock.takenOver) options.onProgress?.("Taking over the data directory of a run that did not end in order.");
    const instanceId = instanceOf(home);
    return {
      home,
      clickHouseDirectory: join(home, "clickhouse"),
      postgresDirectory: join(home, "postgres"),
      postgresServerDirectory: postgresServerDirectory(home, instanceId, user, options),
      release: lock.release,
    };
  } catch (error) {
    lock.release();
    throw error;
  }
};
