import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { systemErrorCode } from "./start-problem.ts";

const readOrNull = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
};

/** Fields of /proc/<pid>/stat from the third, the state, on (proc(5)); null without /proc or without the process. */
const statFields = (pid: number): readonly string[] | null => {
  const stat = process.platform === "linux" ? readOrNull(`/proc/${pid}/stat`) : null;
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
};

/** Whether a process with this id runs now, whoever owns it; one that ended and was not yet collected by its parent does not. */
export const isProcessAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) !== "EPERM") return false;
  }
  return statFields(pid)?.[0] !== "Z";
};

const processStatus = (pid: number, column: string): string | null => {
  try {
    return (
      execFileSync("ps", ["-o", `${column}=`, "-p", String(pid)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim() || null
    );
  } catch {
    return null;
  }
};

/** A mark that differs between two processes that had the same id: boot id and start tick on Linux (proc(5), field 22), start time elsewhere. */
export const processStartMark = (pid: number): string | null => {
  if (process.platform !== "linux") return processStatus(pid, "lstart");
  const startTick = statFields(pid)?.[19];
  if (startTick === undefined) return null;
  return `${readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}:${startTick}`;
};

/** The command line of a process with its arguments separated by blanks, or null when it does not exist or may not be read. */
export const processCommandLine = (pid: number): string | null =>
  process.platform === "linux"
    ? (readOrNull(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim() ?? null)
    : processStatus(pid, "command");

const workingDirectory = (pid: string): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
};

/** Ids of processes that work inside a directory; null where the system cannot tell (no /proc). */
export const processesWorkingIn = (directory: string): readonly number[] | null =>
  process.platform !== "linux"
    ? null
    : readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry) && workingDirectory(entry) === directory)
        .map(Number);

/** Resolves to true once the process is gone, false when it still lives after `timeoutMs`. */
export const waitForProcessEnd = async (pid: number, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (isProcessAlive(pid)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, PROCESS_POLL_MS));
  }
  return true;
};

/** How often a process that is not our child is looked at: short enough not to be felt at start and stop. */
export const PROCESS_POLL_MS = 20;
