import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { PRIVATE_FILE_MODE } from "./private-file.ts";
import { isProcessAlive, processStartMark } from "./process-identity.ts";
import { StartProblem, systemErrorCode } from "./start-problem.ts";

const holderSchema = z.object({ pid: z.number().int().positive(), startMark: z.string().nullable() });

/** The process that a lock file names, with a mark that tells it from a later process with the same id. */
type LockHolder = z.infer<typeof holderSchema>;

/** A lock held by this process. */
export type HeldLock = {
  /** Whether the lock of a process that no longer lives was taken over. */
  readonly takenOver: boolean;
  /** Gives the lock back; only when the file still names this process. */
  readonly release: () => void;
};

/** How often the lock is tried while other processes take over the same stale one at the same moment. */
const LOCK_ATTEMPTS = 5;

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
};

const parseHolder = (text: string): LockHolder | null => {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
};

/** Whether the process that took a lock still lives; an unreadable lock, as a full disk leaves it, has no living holder. */
const isHolderAlive = (holder: LockHolder | null): boolean =>
  holder !== null &&
  isProcessAlive(holder.pid) &&
  (holder.startMark === null || processStartMark(holder.pid) === holder.startMark);

/** Whether a living process holds the lock file of a data directory. */
export const isHomeHeld = (path: string): boolean => isHolderAlive(parseHolder(readText(path) ?? ""));

/** Creates the lock with its whole content in one step (link(2) fails when it exists), so that no reader sees it empty. */
const create = (path: string, text: string): boolean => {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: PRIVATE_FILE_MODE });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Moves a stale lock away; when another process has meanwhile replaced it, that one is put back. */
const removeStale = (path: string, staleText: string): void => {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== staleText) linkSync(aside, path);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(systemErrorCode(error) ?? "")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
};

/** Takes the lock of a data directory, or rejects with a StartProblem `HOME_LOCKED` that names the living holder. */
export const takeHomeLock = (path: string, home: string): HeldLock => {
  const own = JSON.stringify({ pid: process.pid, startMark: processStartMark(process.pid) } satisfies LockHolder);
  let takenOver = false;
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    if (create(path, own))
      return {
        takenOver,
        release: () => {
          if (readText(path) === own) rmSync(path, { force: true });
        },
      };
    const text = readText(path);
    if (text === null) continue;
    const holder = parseHolder(text);
    if (isHolderAlive(holder)) throw lockedProblem(home, holder?.pid);
    removeStale(path, text);
    takenOver = true;
  }
  throw lockedProblem(home, undefined);
};

const lockedProblem = (home: string, pid: number | undefined): StartProblem =>
  new StartProblem(
    "HOME_LOCKED",
    `Tessera already runs on the data directory ${home} (process ${pid ?? "unknown"}): stop it with "kill ${pid ?? "<pid>"}", or set TESSERA_HOME and PORT to run a second one beside it.`,
  );
