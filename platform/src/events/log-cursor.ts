import { refuse } from "../errors/refusal.ts";

/** A place in the event log: commit order first, then the order inside a transaction. Compared as numbers of any size. */
export interface LogCursor {
  readonly transaction: bigint;
  readonly sequence: bigint;
}

/** The place before every entry. */
export const LOG_START: LogCursor = { transaction: 0n, sequence: 0n };

const PATTERN = /^(\d{1,20})-(\d{1,20})$/;

/** Writes a cursor as `<transaction>-<sequence>`, the form clients hold on to. */
export const formatLogCursor = (cursor: LogCursor): string => `${cursor.transaction}-${cursor.sequence}`;

/** Reads a cursor a client sent; refuses with BAD_INPUT when it is not one of ours. */
export const parseLogCursor = (text: string): LogCursor => {
  const [, transaction, sequence] = PATTERN.exec(text) ?? [];
  if (transaction === undefined || sequence === undefined)
    throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" });
  return { transaction: BigInt(transaction), sequence: BigInt(sequence) };
};

/** Negative, zero or positive as `a` lies before, at or after `b`. */
export const compareLogCursors = (a: LogCursor, b: LogCursor): number => {
  const [left, right] = a.transaction === b.transaction ? [a.sequence, b.sequence] : [a.transaction, b.transaction];
  return left < right ? -1 : left > right ? 1 : 0;
};
