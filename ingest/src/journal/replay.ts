import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { BatchId } from "@tessera/contracts/ids";
import { storeBatch, storedRowsOf, type StoreBatchDeps } from "../batch/store-batch.ts";
import { idsOfBlock } from "../store/block-ids.ts";
import { LOOKUP_IDS } from "../store/store-writer.ts";
import type { Intent } from "./intent-journal.ts";

/** Batches received after an intent up to which its token is certainly still known: the store keeps 10,000, one per month touched. */
const MAX_LATER_BATCHES = 500;

/** What is done with a batch that was left over. */
export type Replay = "STORE" | "TELL" | "DROP" | "PUT_ASIDE";

/** What the store says of a left-over batch. */
export interface Evidence {
  readonly rows: number;
  /** Rows of this batch in the base table and in the id index. */
  readonly events: number;
  readonly eventIds: number;
  /** Ids of the batch that came into the store by another batch. */
  readonly foreignIds: number;
  /** Batches received after it. */
  readonly laterBatches: number;
}

/**
 * Decides on a left-over batch. Nobody was told that it is stored unless it is stored, so dropping what is not stored breaks no promise;
 * storing it again is right only while its token is still known to the store and nobody else brought the same events.
 */
export const decideReplay = ({ rows, events, eventIds, foreignIds, laterBatches }: Evidence): Replay => {
  if (foreignIds > 0) return events === 0 ? "DROP" : "PUT_ASIDE";
  if (events === 0 || laterBatches <= MAX_LATER_BATCHES) return "STORE";
  return events === rows && eventIds === rows ? "TELL" : "PUT_ASIDE";
};

const foreignIdsOf = async (deps: StoreBatchDeps, intent: Intent): Promise<number> => {
  let foreign = 0;
  for (const [tenantId, ids] of idsOfBlock(intent.block))
    for (let from = 0; from < ids.length; from += LOOKUP_IDS) {
      const known = await deps.store.knownIds(tenantId, ids.slice(from, from + LOOKUP_IDS));
      for (const batchId of known.values()) if (batchId !== intent.batchId) foreign += 1;
    }
  return foreign;
};

const replayOne = async (deps: StoreBatchDeps, batchId: BatchId): Promise<Replay> => {
  const intent = await deps.journal.read(batchId);
  if (intent === null) {
    await deps.journal.remove(batchId);
    return "DROP";
  }
  const [stored, foreignIds, laterBatches] = await Promise.all([
    storedRowsOf(deps.store, intent),
    foreignIdsOf(deps, intent),
    deps.store.batchesSince(intent.receivedAtMs),
  ]);
  const decision = decideReplay({ rows: intent.rows, ...stored, foreignIds, laterBatches });
  if (decision === "STORE") await storeBatch(deps, intent, true);
  if (decision === "TELL") {
    await deps.eventLog.append(
      intent.notices.map((payload) => ({
        tenantId: payload.tenantId,
        topic: BATCH_STORED,
        dedupeKey: batchId,
        payload,
      })),
    );
    await deps.journal.remove(batchId);
  }
  if (decision === "DROP") await deps.journal.remove(batchId);
  if (decision === "PUT_ASIDE") await deps.journal.quarantine(batchId);
  return decision;
};

/** Settles every batch that an earlier process (or an earlier lease) left in the journal, but not those in `live`. */
export const replayJournal = async (deps: StoreBatchDeps, live: ReadonlySet<BatchId>): Promise<void> => {
  for (const batchId of await deps.journal.leftovers()) {
    if (live.has(batchId)) continue;
    const decision = await replayOne(deps, batchId);
    deps.logger.info({ batchId, decision }, "A batch was left over from an earlier run.");
  }
};
