import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StartProblem } from "./start-problem.ts";

/** The operating system user an engine runs as. */
export type RunUser = { readonly uid: number; readonly gid: number };

/** PostgreSQL refuses to run as root; this user exists on every Unix and owns nothing. */
export const UNPRIVILEGED_USER = "nobody";

/** Null when this process is not root (children inherit its user); else the ids of `nobody` from the passwd file. */
export const unprivilegedRunUser = (passwdFile = "/etc/passwd"): RunUser | null => {
  if (process.getuid?.() !== 0) return null;
  for (const line of readFileSync(passwdFile, "utf8").split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === UNPRIVILEGED_USER && uid !== undefined && gid !== undefined)
      return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new StartProblem(
    "HOME_PERMISSION",
    `PostgreSQL refuses to run as root and this system has no user named ${UNPRIVILEGED_USER}: start Tessera as a normal user.`,
  );
};

const mayEnter = (path: string, user: RunUser): boolean => {
  const { mode, uid, gid } = statSync(path);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return gid === user.gid ? (mode & 0o010) !== 0 : (mode & 0o001) !== 0;
};

/** The first directory on the way to `path` (itself included) that the user may not enter, or null when all may be entered. */
export const firstClosedDirectory = (path: string, user: RunUser): string | null => {
  const parents: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    parents.unshift(at);
    if (at === dirname(at)) break;
  }
  return parents.find((directory) => !mayEnter(directory, user)) ?? null;
};

/** Whether the user (null: this process) may run programs that stand in a directory. */
export const mayRunProgramsIn = (directory: string, user: RunUser | null): boolean => {
  if (user !== null) return firstClosedDirectory(directory, user) === null;
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
