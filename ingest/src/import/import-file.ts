import { createMapper, type Mapper, type MappingRule } from "./mapping.ts";
import { identityOf, openRecords, recordId, type FileRecord, type Format, type RecordFile } from "./records.ts";
import type { SendResult } from "./send-events.ts";

/** Events sent in one request, and characters after which a request is sent earlier. */
const EVENTS_PER_REQUEST = 5_000;
const CHARACTERS_PER_REQUEST = 4 * 1_048_576;
/** Malformed and rejected lines that are kept with their reason; all are counted. */
export const MAX_TOLD_LINES = 20;

/** A line that did not become an event, and why. */
export interface LineTrouble {
  readonly line: number;
  readonly reason: string;
}

/** What an import did, in numbers of lines. */
export interface ImportSummary {
  readonly records: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly malformed: number;
  /** The first {@link MAX_TOLD_LINES} of each kind. */
  readonly malformedLines: readonly LineTrouble[];
  readonly rejectedLines: readonly LineTrouble[];
}

/** What an import needs to know. */
export interface ImportOptions {
  readonly path: string;
  readonly format: Format;
  readonly rules: readonly MappingRule[];
  readonly dropRest: boolean;
  readonly send: (events: readonly object[]) => Promise<SendResult>;
  /** Called after each request with the share of the file that was read, 0 to 1, and the lines so far. */
  readonly onProgress: (share: number, lines: number) => void;
}

interface Counts {
  records: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  malformed: number;
  readonly malformedLines: LineTrouble[];
  readonly rejectedLines: LineTrouble[];
}

const keep = (lines: LineTrouble[], trouble: LineTrouble): void => {
  if (lines.length < MAX_TOLD_LINES) lines.push(trouble);
};

interface Chunk {
  readonly events: object[];
  readonly lines: number[];
  characters: number;
}

const emptyChunk = (): Chunk => ({ events: [], lines: [], characters: 0 });

const isFull = (chunk: Chunk): boolean =>
  chunk.events.length >= EVENTS_PER_REQUEST || chunk.characters >= CHARACTERS_PER_REQUEST;

/** Cuts a file into requests, in order; malformed lines are counted on the way. */
async function* chunksOf(file: RecordFile, options: ImportOptions, counts: Counts): AsyncGenerator<Chunk> {
  let toEvent: Mapper | null = null;
  let identity: string | null = null;
  let chunk = emptyChunk();
  const add = (record: Extract<FileRecord, { kind: "RECORD" }>): void => {
    // The columns of NDJSON and logs may differ from line to line; those of CSV are known from its first line.
    const known =
      options.format === "ndjson"
        ? null
        : [...Object.keys(record.columns), ...(options.format === "csv" ? [] : ["bytes"])];
    toEvent ??= createMapper(options.rules, { dropRest: options.dropRest, known });
    identity ??= identityOf(record.raw);
    const event = toEvent(record.columns);
    chunk.events.push(event["id"] === undefined ? { ...event, id: recordId(identity, record) } : event);
    chunk.lines.push(record.line);
    chunk.characters += record.raw.length;
  };
  for await (const record of file.records) {
    if (record.kind === "MALFORMED") {
      counts.malformed += 1;
      keep(counts.malformedLines, { line: record.line, reason: record.reason });
      continue;
    }
    counts.records += 1;
    add(record);
    if (!isFull(chunk)) continue;
    yield chunk;
    chunk = emptyChunk();
  }
  if (chunk.events.length > 0) yield chunk;
}

/** Imports a file: requests go out one after the other, so that events of one millisecond keep the order of their lines. */
export const importFile = async (options: ImportOptions): Promise<ImportSummary> => {
  const counts: Counts = {
    records: 0,
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    malformed: 0,
    malformedLines: [],
    rejectedLines: [],
  };
  const file = await openRecords(options.path, options.format);
  const chunks = chunksOf(file, options, counts);
  // The next request is read and mapped while the present one is on its way.
  let upcoming = chunks.next();
  for (let chunk = await upcoming; chunk.done !== true; chunk = await upcoming) {
    const { events, lines } = chunk.value;
    upcoming = chunks.next();
    // When sending fails first, nobody waits for this any more.
    upcoming.catch(() => undefined);
    const result = await options.send(events);
    counts.accepted += result.accepted;
    counts.duplicate += result.duplicate;
    counts.rejected += result.rejected.length;
    for (const { index, path, reason } of result.rejected)
      keep(counts.rejectedLines, { line: lines[index] ?? 0, reason: path === "" ? reason : `${path}: ${reason}` });
    options.onProgress(file.progress.bytes / Math.max(file.progress.total, 1), counts.records + counts.malformed);
  }
  return counts;
};
