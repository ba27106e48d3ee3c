import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { CorrelationPattern } from "../../domain/correlation/rule.ts";
import type { Seen } from "../../domain/correlation/sighting.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { seenInBatchesStatement, seenInRangeStatement, seenSizeStatement, type BatchGroup } from "./seen-sql.ts";

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
  /** How many events there are to look at, as one row. */
  size(
    reader: DataReader,
    pattern: CorrelationPattern,
    range: TimeRange,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<number>>;
}

/** Times and places are whole numbers below 2^53: as numbers they travel and are read faster than as texts. */
const EXACT_NUMBERS = { output_format_json_quote_64bit_integers: 0 } as const;

const row = z.looseObject({
  id: z.string(),
  time_ms: z.number(),
  received_ms: z.number(),
  sequence: z.number(),
  keys: z.array(z.string()),
});
const value = z.union([z.number(), z.string(), z.null()]);

/** Reads a row of an event as a pattern sees it; throws when the store's shape is another. */
const seenRow =
  ({ operands }: CorrelationPattern) =>
  (raw: unknown): Seen => {
    const { id, time_ms, received_ms, sequence, keys, ...rest } = row.parse(raw);
    return {
      ...{ id, timeMs: time_ms, receivedAtMs: received_ms, sequence },
      keys: keys.map((key) => (key === "" ? null : key)),
      values: operands.map((_operand, index) => value.parse(rest[`v${index}`])),
    };
  };

const sizeRow = (raw: unknown): number => z.object({ events: z.coerce.number() }).parse(raw).events;

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
  size: (reader, pattern, range, signal) =>
    store.query(reader, seenSizeStatement(pattern, range, reader.tenantId), sizeRow, optionsOf(signal)),
});
