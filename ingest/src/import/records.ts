import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { parse as parseCsv } from "csv-parse";
import { idFromName } from "../domain/cloud-event.ts";
import { parseApacheLine } from "./apache-log.ts";
import type { Columns } from "./mapping.ts";

/** Formats a file can be imported from. */
export const FORMATS = ["csv", "ndjson", "apache-log"] as const;
/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number];

/** One line (or CSV record) of a file: its columns, or why it has none. */
export type FileRecord =
  | { readonly kind: "RECORD"; readonly line: number; readonly raw: string; readonly columns: Columns }
  | { readonly kind: "MALFORMED"; readonly line: number; readonly reason: string };

/** A file being read. */
export interface RecordFile {
  readonly records: AsyncIterable<FileRecord>;
  /** Bytes read so far and in all, as they lie on disk. */
  readonly progress: { readonly bytes: number; readonly total: number };
}

const GZIP_MAGIC = [0x1f, 0x8b];
/** Characters of one line at most; a longer one is no event. */
const MAX_RECORD_CHARACTERS = 1_048_576;

const isGzip = async (path: string): Promise<boolean> => {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && GZIP_MAGIC.every((byte, index) => buffer[index] === byte);
  } finally {
    await file.close();
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const jsonColumns = (line: string): Columns | string => {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : "not a JSON object";
  } catch (error) {
    return error instanceof Error ? error.message : "not JSON";
  }
};

const apacheColumns = (line: string): Columns | string => {
  const parsed = parseApacheLine(line);
  if (typeof parsed === "string") return parsed;
  const { bytes, ...rest } = parsed;
  // Who visits is told apart by address and agent, as web statistics do; the hash keeps the address out of the visitor's id.
  const visitor = idFromName(`${parsed.ip}\n${parsed.userAgent}`);
  return { ...rest, ...(bytes === null ? {} : { bytes }), visitor };
};

async function* byLine(source: Readable, read: (line: string) => Columns | string): AsyncGenerator<FileRecord> {
  let line = 0;
  for await (const raw of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (raw.trim() === "") continue;
    const columns = raw.length > MAX_RECORD_CHARACTERS ? "the line is longer than 1 MB" : read(raw);
    yield typeof columns === "string"
      ? { kind: "MALFORMED", line, reason: columns }
      : { kind: "RECORD", line, raw, columns };
  }
}

const isCsvItem = (item: unknown): item is { record: Record<string, string>; info: { lines: number }; raw: string } =>
  isRecord(item) && isRecord(item["record"]) && isRecord(item["info"]) && typeof item["raw"] === "string";

async function* byCsvRecord(source: Readable): AsyncGenerator<FileRecord> {
  const malformed: FileRecord[] = [];
  const parser = parseCsv({
    columns: true,
    bom: true,
    info: true,
    raw: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    on_skip: (error) => {
      malformed.push({
        kind: "MALFORMED",
        line: error === undefined ? 0 : Number(error["lines"]),
        reason: error?.message ?? "malformed",
      });
    },
  });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  const items: AsyncIterable<unknown> = parser;
  for await (const item of items) {
    yield* malformed.splice(0);
    if (isCsvItem(item)) yield { kind: "RECORD", line: item.info.lines, raw: item.raw, columns: item.record };
  }
  yield* malformed.splice(0);
}

const unzipped = (file: Readable): Readable => {
  const gunzip = createGunzip();
  // `pipe` does not hand errors on.
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
};

/** Opens a file, plain or gzip, and reads its records in order; a malformed one is told in its place. */
export const openRecords = async (path: string, format: Format): Promise<RecordFile> => {
  const { size } = await stat(path);
  const gzip = await isGzip(path);
  const file = createReadStream(path, { highWaterMark: 262_144 });
  const progress = { bytes: 0, total: size };
  file.on("data", (chunk) => (progress.bytes += chunk.length));
  const source: Readable = gzip ? unzipped(file) : file;
  const records =
    format === "csv" ? byCsvRecord(source) : byLine(source, format === "ndjson" ? jsonColumns : apacheColumns);
  return { records, progress };
};

/**
 * The id of a record that names none: made from the file's identity, the line's number and its text, so that importing the same file again
 * (also after lines were added at its end) brings the same ids.
 */
export const recordId = (identity: string, record: { readonly line: number; readonly raw: string }): string =>
  idFromName(`${identity}\n${record.line}\n${record.raw}`);

/** Names a file by its content: the hash of the first line, which files that merely grow keep. */
export const identityOf = (firstRaw: string): string => createHash("sha256").update(firstRaw).digest("hex");
