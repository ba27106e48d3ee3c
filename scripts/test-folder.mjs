import { chmodSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux keeps what is written here in memory. */
const MEMORY = "/dev/shm";
const PREFIX = "tessera-tests-";
/** As that of the system's own: programs that root starts as another user write in it too, and each removes its own alone. */
const OPEN_TO_ALL = 0o1777;
const GIB = 1024 ** 3;

/**
 * What the engines of a whole run write at most, with room: a part of a table is some twenty small files that are kept for eight minutes after it was
 * merged, and a batch of events is parts of a dozen tables.
 */
export const FOLDER_NEEDS = { bytes: 6 * GIB, files: 1_000_000 };
/** Memory beside which the engines, the workers and what they write fit. */
export const MEMORY_NEEDS = 10 * GIB;

/** Room of a folder for files; none where there is no such folder. */
const roomOf = (path) => {
  try {
    const { bavail, bsize, ffree } = statfsSync(path);
    return { bytes: bavail * bsize, files: ffree };
  } catch {
    return { bytes: 0, files: 0 };
  }
};

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** Removes what runs left that were killed: it would take memory until the machine is started anew. */
const removeAbandoned = (memory) => {
  for (const name of readdirSync(memory)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(memory, name), { recursive: true, force: true });
  }
};

/**
 * The folder in which the tests of a run write, engines and all: in memory where there is room for it, since engines make and sync thousands of
 * small files, and a file system on disk takes a third of their processor time for that and makes them wait. Whoever sets TMPDIR has chosen theirs.
 */
export const openTestFolder = ({
  memory = MEMORY,
  environment = process.env,
  room = roomOf(memory),
  availableBytes = process.availableMemory(),
} = {}) => {
  const fits = room.bytes >= FOLDER_NEEDS.bytes && room.files >= FOLDER_NEEDS.files && availableBytes >= MEMORY_NEEDS;
  if (environment.TMPDIR !== undefined || !fits) return { path: tmpdir(), remove: () => undefined };
  removeAbandoned(memory);
  const path = join(memory, `${PREFIX}${process.pid}`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  chmodSync(path, OPEN_TO_ALL);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
