import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { z } from "zod";
import { StartProblem, systemErrorCode } from "./start-problem.ts";

/** Readable and writable by its owner alone: the mode of every file that holds a password or a lock. */
export const PRIVATE_FILE_MODE = 0o600;

/** Bytes of randomness in a generated password: 192 bits, out of reach of guessing. */
const PASSWORD_BYTES = 24;

/** A new random password of 32 characters from `A-Za-z0-9_-`, safe in URLs, SQL literals and XML. */
export const generatePassword = (): string => randomBytes(PASSWORD_BYTES).toString("base64url");

/** Replaces a file at once (temporary file, fsync, rename), so that a reader sees the old or the new text, never a part; mode 0600. */
export const writePrivateFile = (path: string, text: string): void => {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, "w", PRIVATE_FILE_MODE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(temporary, PRIVATE_FILE_MODE);
  renameSync(temporary, path);
};

/** Writes a value as indented JSON with `writePrivateFile`. */
export const writePrivateJson = (path: string, value: unknown): void =>
  writePrivateFile(path, `${JSON.stringify(value, null, 2)}\n`);

/** Parses a JSON file by its schema; null when it does not exist; a StartProblem `HOME_DAMAGED` when it cannot be understood. */
export const readPrivateJson = <Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> | null => {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartProblem(
      "HOME_DAMAGED",
      `${path} cannot be understood. Restore it from a backup, or move the data directory aside to begin with an empty one.`,
      { cause },
    );
  }
};
