import { closeSync, mkdirSync, openSync, readdirSync, renameSync, statSync, writeSync } from "node:fs";
import { readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { systemErrorCode } from "../engines/start-problem.ts";
import { executionRecord } from "./execution-record.ts";

/** Bytes after which a file is closed though others wait before it. */
export const MAX_FILE_BYTES = 4_194_304;

const OPEN = ".open";
const CLOSED = ".ndjson";

/** A closed file of records that waits to be told. */
export interface JournalFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Records between the answer they are about and the event log, as lines of files: written before the answer is given, so the end of the process
 * loses none. Like the stores' own files they do not wait for the disk: they outlive the process, not the loss of power. One process per directory.
 */
export interface ExecutionJournal {
  /** Writes records to the open file; throws when the disk takes no more. */
  write(records: readonly ExecutionRecorded[]): void;
  /** Closed files, oldest first; the open one is closed when no other waits or when it has grown to {@link MAX_FILE_BYTES}. */
  files(): readonly JournalFile[];
  /** Reads a closed file; a last line that is cut off was never acknowledged and is left out. */
  read(file: JournalFile): Promise<readonly ExecutionRecorded[]>;
  /** Forgets a closed file whose records have all been told. */
  remove(file: JournalFile): Promise<void>;
  /** Bytes that wait to be told. */
  waitingBytes(): number;
}

interface OpenFile {
  readonly handle: number;
  readonly path: string;
  bytes: number;
}

const parseLines = (text: string): readonly ExecutionRecorded[] =>
  text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [executionRecord.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });

/** What stands for a file that is not there; every other trouble is thrown. */
const unlessGone =
  <Value>(value: Value) =>
  (error: unknown): Value => {
    if (systemErrorCode(error) !== "ENOENT") throw error;
    return value;
  };

const foundIn = (directory: string): JournalFile[] => {
  // A file left open belongs to a process that has ended.
  for (const name of readdirSync(directory))
    if (name.endsWith(OPEN))
      renameSync(join(directory, name), join(directory, `${name.slice(0, -OPEN.length)}${CLOSED}`));
  return readdirSync(directory)
    .filter((name) => name.endsWith(CLOSED))
    .toSorted()
    .map((name) => ({ path: join(directory, name), bytes: statSync(join(directory, name)).size }));
};

/** Opens the journal in a directory, which is made when missing; files of an earlier process are told like its own. */
export const openExecutionJournal = (directory: string, newId: () => string): ExecutionJournal => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let closed = foundIn(directory);
  let waiting = closed.reduce((sum, { bytes }) => sum + bytes, 0);
  let open: OpenFile | null = null;
  const opened = (): OpenFile => {
    if (open !== null) return open;
    // Ids are ordered by time, so names are too.
    const path = join(directory, newId());
    open = { handle: openSync(`${path}${OPEN}`, "a", 0o600), path, bytes: 0 };
    return open;
  };
  return {
    write: (records) => {
      const file = opened();
      const bytes = writeSync(file.handle, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
      file.bytes += bytes;
      waiting += bytes;
    },
    files: () => {
      if (open !== null && (closed.length === 0 || open.bytes >= MAX_FILE_BYTES)) {
        const { handle, path, bytes } = open;
        open = null;
        closeSync(handle);
        renameSync(`${path}${OPEN}`, `${path}${CLOSED}`);
        closed.push({ path: `${path}${CLOSED}`, bytes });
      }
      return [...closed];
    },
    // A file goes when all of it was told: one that has gone meanwhile holds up no other.
    read: async ({ path }) => parseLines(await readFile(path, "utf8").catch(unlessGone(""))),
    remove: async ({ path, bytes }) => {
      // `rm` would look at the file four times to do the same.
      await unlink(path).catch(unlessGone(undefined));
      waiting -= bytes;
      closed = closed.filter((file) => file.path !== path);
    },
    waitingBytes: () => waiting,
  };
};
