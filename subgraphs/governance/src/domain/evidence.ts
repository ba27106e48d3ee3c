import type { BatchId, EventId } from "@tessera/contracts/ids";

/** What the id index says of an event; times are milliseconds since the epoch. */
export interface IndexEntry {
  readonly eventId: EventId;
  /** How many times the index holds the id. */
  readonly copies: number;
  readonly firstStoredAtMs: number;
  readonly receivedAtMs: number;
  readonly timeMs: number;
  readonly batchId: BatchId;
  readonly keys: {
    /** UTC, `YYYY-MM-DD hh:mm:ss.mmm`, as are all times that stand in a key. */
    readonly time: string;
    readonly receivedAt: string;
    readonly name: string;
    readonly person: string;
  };
}

/** What the event table says of an event. */
export interface StoredFacts {
  readonly eventId: EventId;
  /** How many rows of the table have the id. */
  readonly copies: number;
  readonly batchRow: number;
  readonly schemaVersion: number;
  readonly qualityFlags: readonly string[];
  readonly source: string;
  readonly synthetic: boolean;
  /** The values under which copies and rollups file the event, as the store writes them. */
  readonly keys: {
    readonly hour: string;
    readonly day: string;
    readonly time: string;
    readonly sequence: string;
    readonly person: string;
    readonly name: string;
    readonly country: string;
    readonly device: string;
    readonly source: string;
    readonly currency: string;
  };
}

/** What the batch table says of a batch; times are milliseconds since the epoch. */
export interface StoredBatch {
  readonly batchId: BatchId;
  readonly rows: number;
  readonly receivedAtMs: number;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
}

/** One cell that was found: how many events lie under a key of a table. */
export interface FoundCell {
  readonly table: string;
  readonly key: readonly string[];
  readonly events: number;
}

/** Everything found about one event. */
export interface Evidence {
  readonly entry: IndexEntry;
  readonly facts: StoredFacts | null;
  readonly batch: StoredBatch | null;
  /** Events under a key of a table; 0 when there is no such cell. */
  readonly eventsIn: (table: string, key: readonly string[]) => number;
}
