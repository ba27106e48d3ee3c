import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive, processCommandLine, processesWorkingIn, waitForProcessEnd } from "./process-identity.ts";
import { StartProblem } from "./start-problem.ts";

/** How long an orderly stop (SIGINT: roll back, checkpoint, end) may take before the server is told to end at once. */
export const POSTGRES_STOP_TIMEOUT_MS = 20_000;
/** How long the immediate stop (SIGQUIT, the next start recovers from the log) may take before SIGKILL. */
const IMMEDIATE_STOP_TIMEOUT_MS = 5_000;

/** What postmaster.pid tells: process, port and whether connections are accepted (line 8, "ready"). */
export type Postmaster = { readonly pid: number; readonly port: number; readonly ready: boolean };

/** Parses the text of postmaster.pid (miscadmin.h, LOCK_FILE_LINE_*); null while it is incomplete. */
export const parsePostmasterFile = (text: string): Postmaster | null => {
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port) || port <= 0) return null;
  return { pid, port, ready: lines[7]?.trim() === "ready" };
};

/** What postmaster.pid in a data directory says, or null when there is none or it is incomplete. */
export const readPostmaster = (dataDirectory: string): Postmaster | null => {
  try {
    return parsePostmasterFile(readFileSync(join(dataDirectory, "postmaster.pid"), "utf8"));
  } catch {
    return null;
  }
};

/** The live server of a data directory, or null; a process that merely has the recorded id is not taken for one. */
export const findRunningPostmaster = (dataDirectory: string): Postmaster | null => {
  const recorded = readPostmaster(dataDirectory);
  if (recorded === null || !isProcessAlive(recorded.pid)) return null;
  const command = processCommandLine(recorded.pid) ?? "";
  return command.includes("postgres") && command.includes(dataDirectory) ? recorded : null;
};

/**
 * Removes a postmaster.pid whose process id now belongs to some other program, which PostgreSQL itself would take for a live server.
 * A file whose process is gone is left to PostgreSQL, which checks its shared memory too.
 */
export const clearStalePostmasterFile = (dataDirectory: string): void => {
  const recorded = readPostmaster(dataDirectory);
  if (recorded === null || !isProcessAlive(recorded.pid) || findRunningPostmaster(dataDirectory) !== null) return;
  const workers = processesWorkingIn(dataDirectory);
  if (workers === null || workers.length > 0)
    throw new StartProblem(
      "ENGINE_LOCKED",
      `${join(dataDirectory, "postmaster.pid")} names process ${recorded.pid}, and it is not certain that PostgreSQL has left the directory: make sure no postgres process runs, delete that file and start again.`,
    );
  rmSync(join(dataDirectory, "postmaster.pid"), { force: true });
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  if (isProcessAlive(pid)) process.kill(pid, name);
};

/** Ends a server: in order, then at once, then by force; none of them loses a committed transaction. */
export const stopPostmaster = async (pid: number): Promise<void> => {
  signal(pid, "SIGINT");
  if (await waitForProcessEnd(pid, POSTGRES_STOP_TIMEOUT_MS)) return;
  signal(pid, "SIGQUIT");
  if (await waitForProcessEnd(pid, IMMEDIATE_STOP_TIMEOUT_MS)) return;
  signal(pid, "SIGKILL");
  await waitForProcessEnd(pid, IMMEDIATE_STOP_TIMEOUT_MS);
};
