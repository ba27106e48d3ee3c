/** Days a record is kept: a year and a month, so that a yearly review sees the whole year. The database itself keeps a year at least. */
export const KEEP_AUDIT_DAYS = 400;
const DAY_MS = 86_400_000;
/** Records are dropped in whole blocks of so many, whose subtree's root stays, so that every later proof can still be made. */
export const BLOCK_RECORDS = 256;

/** Records recorded before this moment are past their retention, milliseconds since the epoch. */
export const expiredBeforeMs = (nowMs: number): number => nowMs - KEEP_AUDIT_DAYS * DAY_MS;

/** The beginning of the block a place lies in. */
export const blockStart = (sequence: number): number => sequence - (sequence % BLOCK_RECORDS);

/** From where on records are kept, when `firstUnexpired` is the first within the retention: whole blocks are given up, and none is taken back. */
export const keptFromOf = (firstUnexpired: number, before: number): number =>
  Math.max(before, blockStart(firstUnexpired));
