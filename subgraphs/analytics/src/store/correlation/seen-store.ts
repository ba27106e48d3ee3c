import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { CorrelationPattern } from "../../domain/correlation/rule.ts";
import type { Seen } from "../../domain/correlation/sighting.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import {
  seenInBatchesStatement,
  seenInRangeStatement,
  seenSizesStatement,
  type BatchGroup,
  type Pieces,
} from "./seen-sql.ts";

/** How many events of a piece of a range there are to look at. */
export interface PieceSize {
  readonly piece: number;
  readonly events: number;
}

/** What correlation reads of the event store; each question is for one reader. */
export interface SeenStore {
  inBatches(reader: DataReader, pattern: CorrelationPattern, group: BatchGroup): Promise<readonly Seen[]>;
  /** In the order of (time, sequence, id). */
  inRange(
    reader: DataReader,
    pattern: CorrelationPattern,
    range: TimeRange,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<Seen>>;
  /** How many events of each piece there are to look at, in order; pieces without any are left out. */
  sizes(
    reader: DataReader,
    pattern: CorrelationPattern,
    pieces: Pieces,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<PieceSize>>;
}

/** Times and places are whole numbers below 2^53: as numbers they travel and are read faster than as texts. */
const EXACT_NUMBERS = { output_format_json_quote_64bit_integers: 0 } as const;

const texts = z.array(z.string());
const value = z.union([z.number(), z.string(), z.null()]);

/** Reads a number of a row; throws when there is none. */
const numberIn = (row: object, name: string): number => {
  const found: unknown = Reflect.get(row, name);
  if (typeof found === "number") return found;
  // Streams write whole numbers as texts.
  if (typeof found === "string" && /^-?\d{1,16}$/.test(found)) return Number(found);
  throw new Error(`A row of an event has no number ${name}.`);
};
const textIn = (row: object, name: string): string => {
  const found: unknown = Reflect.get(row, name);
  if (typeof found === "string") return found;
  throw new Error(`A row of an event has no text ${name}.`);
};

/** Reads a row of an event as a pattern sees it, by hand, as there are hundreds of thousands; throws when the store's shape is another. */
export const seenRow = ({ operands }: CorrelationPattern) => {
  const names = operands.map((_operand, index) => `v${index}`);
  return (row: unknown): Seen => {
    if (typeof row !== "object" || row === null) throw new Error("A row of an event is no object.");
    return {
      id: textIn(row, "id"),
      timeMs: numberIn(row, "time_ms"),
      sequence: numberIn(row, "sequence"),
      receivedAtMs: numberIn(row, "received_ms"),
      keys: texts.parse(Reflect.get(row, "keys")).map((key) => (key === "" ? null : key)),
      values: names.map((name) => value.parse(Reflect.get(row, name))),
    };
  };
};

const sizeRow = (raw: unknown): PieceSize =>
  z.object({ piece: z.coerce.number(), events: z.coerce.number() }).parse(raw);

const optionsOf = (signal: AbortSignal | undefined) => ({
  settings: EXACT_NUMBERS,
  ...(signal === undefined ? {} : { signal }),
});

/** Builds {@link SeenStore} over the tenant-bound event store. */
export const createSeenStore = (store: Pick<EventStore, "query">): SeenStore => ({
  inBatches: async (reader, pattern, group) =>
    (
      await store.query(
        reader,
        seenInBatchesStatement(pattern, group, reader.tenantId),
        seenRow(pattern),
        optionsOf(undefined),
      )
    ).rows,
  inRange: (reader, pattern, range, signal) =>
    store.query(reader, seenInRangeStatement(pattern, range, reader.tenantId), seenRow(pattern), optionsOf(signal)),
  sizes: (reader, pattern, pieces, signal) =>
    store.query(reader, seenSizesStatement(pattern, pieces, reader.tenantId), sizeRow, optionsOf(signal)),
});
