import type { BatchStored } from "@tessera/contracts/events/batch-stored";
import { parseBatchId, type TenantId } from "@tessera/contracts/ids";
import type { PreparedEvent } from "../domain/validate-event.ts";
import type { Intent } from "../journal/intent-journal.ts";
import { createEventBlock, type EventBlock } from "../store/event-block.ts";
import { addToBatch, isFull, noticesOf, openBatch, type Batch, type Placement, type RefusedRows } from "./batch.ts";

/** Milliseconds the first event of a batch waits for company. */
const LINGER_MS = 4;
/** Milliseconds between the starts of two inserts: each writes a part into every table, and parts must be merged. */
const INSERT_SPACING_MS = 40;
/** Inserts under way at a time: one is sent while the store works on the other. */
export const PARALLEL_INSERTS = 2;
/** Blocks kept for reuse. */
const SPARE_BLOCKS = 3;
/** Sequence numbers per millisecond: two million events a second keep their order of arrival, and the numbers stay exact until 2109. */
const SEQUENCES_PER_MS = 2_048;

/** Gathers events of concurrent requests into batches and hands full or waiting ones to be stored. */
export interface Batcher {
  /** Places an event in a batch; the batch's `stored` tells when it is durable. */
  place(tenantId: TenantId, event: PreparedEvent): Placement;
  /** Batches that are not settled yet. */
  readonly open: number;
  /** Resolves when every batch placed so far is settled. */
  drained(): Promise<void>;
}

/** Builds a batcher; `store` must resolve when the batch is durable. */
export const createBatcher = (deps: {
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly store: (intent: Intent) => Promise<RefusedRows>;
}): Batcher => {
  const { nowMs, newId, store } = deps;
  const sealed: Batch[] = [];
  const unsettled = new Set<Batch>();
  const spare: EventBlock[] = [];
  let current: Batch | null = null;
  let inserting = 0;
  let lastStart = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let sequence = 0;

  const open = (): Batch => {
    const id = parseBatchId(newId());
    if (id === null) throw new Error("The id maker did not make a UUID.");
    const batch = openBatch(id, spare.pop() ?? createEventBlock());
    unsettled.add(batch);
    return batch;
  };

  const run = async (batch: Batch): Promise<void> => {
    inserting += 1;
    lastStart = performance.now();
    try {
      const receivedAtMs = nowMs();
      const notices: readonly BatchStored[] = noticesOf(batch, receivedAtMs);
      const { rows } = batch.block;
      const block = batch.block.finish(batch.id, receivedAtMs);
      batch.block.reset();
      if (spare.length < SPARE_BLOCKS) spare.push(batch.block);
      batch.settle.resolve(await store({ batchId: batch.id, receivedAtMs, rows, notices, block }));
    } catch (error) {
      batch.settle.reject(error);
    } finally {
      inserting -= 1;
      unsettled.delete(batch);
      schedule();
    }
  };

  const startNext = (): void => {
    timer = null;
    const next = sealed.shift() ?? current;
    if (next === null || inserting >= PARALLEL_INSERTS) return;
    if (next === current) current = null;
    void run(next);
    schedule();
  };

  const schedule = (): void => {
    if (timer !== null || inserting >= PARALLEL_INSERTS || (current === null && sealed.length === 0)) return;
    const sinceStart = performance.now() - lastStart;
    timer = setTimeout(startNext, Math.max(LINGER_MS, INSERT_SPACING_MS - sinceStart));
  };

  return {
    place: (tenantId, event) => {
      if (current !== null && isFull(current, event.timeMs)) {
        sealed.push(current);
        current = null;
      }
      current ??= open();
      sequence = Math.max(sequence + 1, nowMs() * SEQUENCES_PER_MS);
      const batch = current;
      const row = addToBatch(batch, tenantId, event, sequence);
      schedule();
      return { eventId: event.eventId, batch, row };
    },
    get open() {
      return unsettled.size;
    },
    drained: async () => {
      await Promise.allSettled([...unsettled].map((batch) => batch.stored));
    },
  };
};
