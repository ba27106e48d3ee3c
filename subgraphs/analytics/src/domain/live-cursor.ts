import { refuse } from "@tessera/platform/errors/refusal";
import { formatLogCursor, parseLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";

/** Place in the stream of events: the entry of the event log that told of the batch, and the row in the batch. */
export interface LiveCursor {
  readonly log: LogCursor;
  readonly row: number;
}

const PATTERN = /^(\d{1,20}-\d{1,20})\.(\d{1,10})$/;

/** Writes a place as `<log cursor>.<row>`. */
export const formatLiveCursor = (cursor: LiveCursor): string => `${formatLogCursor(cursor.log)}.${cursor.row}`;

/** Reads a place a client sent; refuses with BAD_INPUT when it is not one of ours. */
export const parseLiveCursor = (text: string): LiveCursor => {
  const [, log, row] = PATTERN.exec(text) ?? [];
  if (log === undefined || row === undefined)
    throw refuse("BAD_INPUT", "The cursor is not one this stream gave out.", { field: "after" });
  return { log: parseLogCursor(log), row: Number(row) };
};

/** The place just before a log entry, from which following gives that entry again. */
export const justBefore = (cursor: LogCursor): LogCursor => ({ ...cursor, sequence: cursor.sequence - 1n });
