import { IDENTIFY_EVENT, type BatchStored } from "@tessera/contracts/events/batch-stored";
import type { BatchId, EventId, TenantId } from "@tessera/contracts/ids";
import type { PreparedEvent } from "../domain/validate-event.ts";
import { createEventBlock, type EventBlock } from "../store/event-block.ts";

/** Rows one insert may hold: large enough that the store's work per insert is small beside its work per row. */
export const MAX_BATCH_ROWS = 50_000;
/** Bytes one insert may hold. */
export const MAX_BATCH_BYTES = 24 * 1_048_576;
/** Calendar months one insert may touch: the store writes one part per month and table. */
export const MAX_BATCH_MONTHS = 12;

/** Which rows of a stored batch the store refused; usually none. */
export type RefusedRows = ReadonlySet<number>;

/** What a batch holds of one tenant. */
interface TenantShare {
  rows: number;
  minTimeMs: number;
  maxTimeMs: number;
  /** Events that say who somebody is; absent for none. */
  identifies?: number;
}

/** Events on their way into the store in one insert. */
export interface Batch {
  readonly id: BatchId;
  readonly block: EventBlock;
  readonly tenants: Map<TenantId, TenantShare>;
  readonly months: Set<number>;
  /** Resolves when the store holds the batch durably; rejects when that can't be reached by this process. */
  readonly stored: Promise<RefusedRows>;
  readonly settle: { resolve(refused: RefusedRows): void; reject(error: unknown): void };
}

/** Opens an empty batch. */
export const openBatch = (id: BatchId, block: EventBlock = createEventBlock()): Batch => {
  let settle: Batch["settle"] = { resolve: () => undefined, reject: () => undefined };
  const stored = new Promise<RefusedRows>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Those who wait see the rejection; a batch for which nobody waits any more must not end the process.
  stored.catch(() => undefined);
  return { id, block, tenants: new Map(), months: new Set(), stored, settle };
};

let cachedMonth = { from: 0, to: 0, month: 0 };

/** Number of the calendar month (UTC) a time lies in, as the store partitions. */
export const monthOf = (timeMs: number): number => {
  if (timeMs >= cachedMonth.from && timeMs < cachedMonth.to) return cachedMonth.month;
  const date = new Date(timeMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  cachedMonth = { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + 1, 1), month: year * 12 + month };
  return cachedMonth.month;
};

/** True when the batch can't take an event of this time any more. */
export const isFull = (batch: Batch, timeMs: number): boolean =>
  batch.block.rows >= MAX_BATCH_ROWS ||
  batch.block.bytes >= MAX_BATCH_BYTES ||
  (batch.months.size >= MAX_BATCH_MONTHS && !batch.months.has(monthOf(timeMs)));

/** Adds an event; answers its row number. */
export const addToBatch = (batch: Batch, tenantId: TenantId, event: PreparedEvent, sequence: number): number => {
  const row = batch.block.rows;
  batch.block.append({ tenantId, event, sequence });
  batch.months.add(monthOf(event.timeMs));
  const share = batch.tenants.get(tenantId);
  const identifies = event.fields.name === IDENTIFY_EVENT ? (share?.identifies ?? 0) + 1 : share?.identifies;
  if (share === undefined)
    batch.tenants.set(tenantId, {
      ...{ rows: 1, minTimeMs: event.timeMs, maxTimeMs: event.timeMs },
      ...(identifies === undefined ? {} : { identifies }),
    });
  else {
    share.rows += 1;
    if (identifies !== undefined) share.identifies = identifies;
    if (event.timeMs < share.minTimeMs) share.minTimeMs = event.timeMs;
    if (event.timeMs > share.maxTimeMs) share.maxTimeMs = event.timeMs;
  }
  return row;
};

/** What is told of a batch once it is stored, one entry per tenant. */
export const noticesOf = (batch: Batch, receivedAtMs: number): readonly BatchStored[] =>
  [...batch.tenants].map(([tenantId, share]) => ({ tenantId, batchId: batch.id, ...share, receivedAtMs }));

/** Where an event went: its batch and its row there. */
export interface Placement {
  readonly eventId: EventId;
  readonly batch: Batch;
  readonly row: number;
}
