import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { z } from "zod";
import { systemErrorCode } from "../engines/start-problem.ts";
import { executionRecord } from "./execution-record.ts";

/**
 * Milliseconds between two checkpoints of what is still open: at most so much of a subscription is lost with the process. Each writes the record of
 * every open execution anew, some 8 MB where ten thousand are open.
 */
export const CHECKPOINT_EVERY_MS = 60_000;

const FILE = "open-executions";
const FILE_MODE = 0o600;

/**
 * Records of executions that are still open, as they stood when they were last written: a file beside the journal's. Whoever opens it after the
 * process has ended finds what was open then. A line is a record, or tells that an execution is no longer open; the last line of an id counts.
 */
export interface ExecutionCheckpoints {
  /** What an earlier process had open when it ended; empty once `replace` was called. */
  readonly left: readonly ExecutionRecorded[];
  /** Adds records of executions that have just been opened. */
  add(records: readonly ExecutionRecorded[]): void;
  /** Executions that are recorded for good. */
  drop(executionIds: readonly string[]): void;
  /** Writes all that is open anew, in one step: a reader finds the lines of before or those of now. */
  replace(records: readonly ExecutionRecorded[]): void;
}

const line = z.union([z.object({ closed: z.string() }), executionRecord]);

const parseLine = (text: string): z.infer<typeof line> | null => {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return null; // cut off when the process ended
  }
};

const leftIn = (path: string): readonly ExecutionRecorded[] => {
  const open = new Map<string, ExecutionRecorded>();
  for (const text of readIfThere(path).split("\n")) {
    const told = parseLine(text);
    if (told === null) continue;
    if ("closed" in told) open.delete(told.closed);
    else open.set(told.executionId, told);
  }
  return [...open.values()];
};

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return "";
    throw error;
  }
};

const linesOf = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** Opens the checkpoints of a journal's directory, which is made when missing. One process per directory. */
export const openExecutionCheckpoints = (directory: string): ExecutionCheckpoints => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, FILE);
  let left = leftIn(path);
  // A line of its own begins behind one that a full disk has cut off.
  const append = (values: readonly unknown[]): void =>
    appendFileSync(path, `\n${linesOf(values)}`, { mode: FILE_MODE });
  return {
    get left() {
      return left;
    },
    add: append,
    drop: (executionIds) => append(executionIds.map((closed) => ({ closed }))),
    replace: (records) => {
      writeFileSync(`${path}.new`, linesOf(records), { mode: FILE_MODE });
      renameSync(`${path}.new`, path);
      left = [];
    },
  };
};
