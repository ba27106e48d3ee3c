import { parseBatchId, type BatchId, type TenantId } from "@tessera/contracts/ids";
import type { PreparedEvent } from "../domain/validate-event.ts";
import type { Intent } from "../journal/intent-journal.ts";
import { createEventBlock, type EventBlock } from "../store/event-block.ts";
import { addToBatch, isFull, noticesOf, openBatch, type Batch, type Placement, type RefusedRows } from "./batch.ts";

/** Milliseconds the first event of a batch waits for company. */
const LINGER_MS = 4;
/** Milliseconds between the starts of two inserts: each writes a part into every table, and parts must be merged. */
const INSERT_SPACING_MS = 40;
/** Inserts under way at a time: one is sent while the store works on the other. */
const PARALLEL_INSERTS = 2;
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

/** Numbers events in the order of their arrival; grows across restarts as the clock does. */
export const createSequence = (nowMs: () => number): (() => number) => {
  let last = 0;
  return () => {
    last = Math.max(last + 1, nowMs() * SEQUENCES_PER_MS);
    return last;
  };
};

/** Blocks whose memory is used again. */
const createBlockStock = () => {
  const spare: EventBlock[] = [];
  return {
    take: (): EventBlock => spare.pop() ?? createEventBlock(),
    giveBack: (block: EventBlock): void => {
      block.reset();
      if (spare.length < SPARE_BLOCKS) spare.push(block);
    },
  };
};

/** What a batcher is built from; `store` must resolve when the batch is durable. */
export interface BatcherDeps {
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly store: (intent: Intent) => Promise<RefusedRows>;
}

const newBatchId = (newId: () => string): BatchId => {
  const id = parseBatchId(newId());
  if (id === null) throw new Error("The id maker did not make a UUID.");
  return id;
};

/** Encodes a batch, gives its memory back and stores it; the batch's `stored` is settled when this resolves. */
const storeAndSettle = async (
  deps: BatcherDeps,
  batch: Batch,
  giveBack: (block: EventBlock) => void,
): Promise<void> => {
  try {
    const receivedAtMs = deps.nowMs();
    const notices = noticesOf(batch, receivedAtMs);
    const { rows } = batch.block;
    const block = batch.block.finish(batch.id, receivedAtMs);
    giveBack(batch.block);
    batch.settle.resolve(await deps.store({ batchId: batch.id, receivedAtMs, rows, notices, block }));
  } catch (error) {
    batch.settle.reject(error);
  }
};

/** Builds a batcher. */
export const createBatcher = (deps: BatcherDeps): Batcher => {
  const stock = createBlockStock();
  const nextSequence = createSequence(deps.nowMs);
  const sealed: Batch[] = [];
  const unsettled = new Set<Batch>();
  let current: Batch | null = null;
  let inserting = 0;
  let lastStart = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;

  const startNext = (): void => {
    timer = null;
    const next = sealed.shift() ?? current;
    if (next === null || inserting >= PARALLEL_INSERTS) return;
    if (next === current) current = null;
    inserting += 1;
    lastStart = performance.now();
    void storeAndSettle(deps, next, stock.giveBack).then(() => {
      inserting -= 1;
      unsettled.delete(next);
      schedule();
    });
    schedule();
  };
  const schedule = (): void => {
    if (timer !== null || inserting >= PARALLEL_INSERTS || (current === null && sealed.length === 0)) return;
    const sinceStart = performance.now() - lastStart;
    timer = setTimeout(startNext, Math.max(LINGER_MS, INSERT_SPACING_MS - sinceStart));
  };
  const open = (): Batch => {
    const batch = openBatch(newBatchId(deps.newId), stock.take());
    unsettled.add(batch);
    return batch;
  };
  return {
    place: (tenantId, event) => {
      if (current !== null && isFull(current, event.timeMs)) {
        sealed.push(current);
        current = null;
      }
      current ??= open();
      const placement = {
        eventId: event.eventId,
        batch: current,
        row: addToBatch(current, tenantId, event, nextSequence()),
      };
      schedule();
      return placement;
    },
    get open() {
      return unsettled.size;
    },
    drained: async () => {
      await Promise.allSettled([...unsettled].map((batch) => batch.stored));
    },
  };
};
