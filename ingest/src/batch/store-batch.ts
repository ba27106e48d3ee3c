import { BATCH_STORED, type BatchStored } from "@tessera/contracts/events/batch-stored";
import type { BatchId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Intent, IntentJournal } from "../journal/intent-journal.ts";
import { StoreFailure, type StoreWriter } from "../store/store-writer.ts";
import type { RefusedRows } from "./batch.ts";

/** Milliseconds between tries of one insert, doubled from the first to the second. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;
/** Tries after which a batch that the store took, but not wholly, is put aside. */
const MAX_HEALINGS = 3;
/** Tries of the notice before the answer is given without it; it follows later from the journal. */
const NOTICE_TRIES = 3;
const NOTICE_RETRY_MS = 1_000;

/** ClickHouse's error codes that speak of the data, not of the store: the same bytes fail again (ErrorCodes.cpp). */
const DATA_ERRORS: ReadonlySet<number> = new Set([
  6, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 376, 469,
]);

const isDataError = (error: unknown): error is StoreFailure =>
  error instanceof StoreFailure && error.code !== null && DATA_ERRORS.has(error.code);

/** What storing a batch needs. */
export interface StoreBatchDeps {
  readonly store: StoreWriter;
  readonly journal: IntentJournal;
  readonly eventLog: EventLog;
  readonly logger: Logger;
  /** Resolves when an insert may begin; rejects when this process can't store the batch any more. */
  readonly mayInsert: () => Promise<void>;
  /** Told whether some batch is being retried, so that no more work is taken meanwhile. */
  readonly troubled: (batchId: BatchId, trouble: boolean) => void;
  readonly stopped: () => boolean;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const boundsOf = (intent: Intent) => ({
  tenants: intent.notices.map((notice) => notice.tenantId),
  minTimeMs: Math.min(...intent.notices.map((notice) => notice.minTimeMs)),
  maxTimeMs: Math.max(...intent.notices.map((notice) => notice.maxTimeMs)),
});

/** How many rows of an intent the store holds by now. */
export const storedRowsOf = (store: StoreWriter, intent: Intent) => {
  const { tenants, minTimeMs, maxTimeMs } = boundsOf(intent);
  return store.storedRows(intent.batchId, tenants, minTimeMs, maxTimeMs);
};

/**
 * Finds the rows that the store refuses by halving, and stores all others. Each range has a token of its own made from its bounds, so that
 * a repetition after a crash stores nothing twice.
 */
const isolate = async (deps: StoreBatchDeps, intent: Intent, from: number, to: number): Promise<RefusedRows> => {
  try {
    await deps.mayInsert();
    await deps.store.insertRange(intent.block, `${intent.batchId}/${from}-${to}`, from, to);
    return new Set();
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (to - from === 1) {
      // Its message may hold values of the event, which belong in no log.
      deps.logger.warn({ batchId: intent.batchId, row: from, code: error.code }, "The store refuses an event.");
      return new Set([from]);
    }
    const middle = Math.floor((from + to) / 2);
    return new Set([...(await isolate(deps, intent, from, middle)), ...(await isolate(deps, intent, middle, to))]);
  }
};

const putAside = async (deps: StoreBatchDeps, intent: Intent): Promise<never> => {
  const file = await deps.journal.quarantine(intent.batchId);
  deps.logger.error({ batchId: intent.batchId, file }, "The store holds a batch only in part; it was put aside.");
  throw refuse("INTERNAL", "The events could not be stored completely; send them again with the same ids.");
};

const attempt = async (deps: StoreBatchDeps, intent: Intent): Promise<RefusedRows> => {
  try {
    await deps.mayInsert();
    await deps.store.insert(intent.block, intent.batchId);
    return new Set();
  } catch (error) {
    if (!isDataError(error)) throw error;
    // A data error after part of the batch was stored comes from a view; halving would then store rows twice.
    if ((await storedRowsOf(deps.store, intent)).events > 0) return putAside(deps, intent);
    deps.logger.warn({ batchId: intent.batchId, code: error.code }, "The store refuses rows of a batch; finding them.");
    return isolate(deps, intent, 0, intent.rows);
  }
};

/** After an unknown outcome the numbers are compared: base table and id index must hold every row that was not refused. */
const isWhole = async (deps: StoreBatchDeps, intent: Intent, refused: RefusedRows): Promise<boolean> => {
  const stored = await storedRowsOf(deps.store, intent);
  return stored.events === intent.rows - refused.size && stored.eventIds === stored.events;
};

/** Inserts until the store holds the batch, whatever happens to the store meanwhile. */
const insertUntilStored = async (deps: StoreBatchDeps, intent: Intent, doubtful: boolean): Promise<RefusedRows> => {
  let unsure = doubtful;
  let healings = 0;
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
    try {
      const refused = await attempt(deps, intent);
      if (!unsure || (await isWhole(deps, intent, refused))) return refused;
      healings += 1;
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      unsure = true;
      deps.troubled(intent.batchId, true);
      deps.logger.warn(
        { batchId: intent.batchId, error: error.message.slice(0, 300) },
        "An insert failed; trying again.",
      );
    }
    if (healings >= MAX_HEALINGS) return putAside(deps, intent);
    if (deps.stopped()) throw refuse("DEPENDENCY_UNAVAILABLE", "The service is stopping.", { retryAfterSeconds: 2 });
    await pause(retryMs);
  }
};

const told = (notices: readonly BatchStored[], refused: number): readonly BatchStored[] => {
  const [first, ...others] = notices;
  // Refused rows are so rare that the notice may overstate; a batch of which nothing is left is not told at all.
  return first === undefined || (others.length === 0 && first.rows === refused) ? [] : notices;
};

const appendNotices = (deps: StoreBatchDeps, notices: readonly BatchStored[]): Promise<void> =>
  deps.eventLog.append(
    notices.map((payload) => ({
      tenantId: payload.tenantId,
      topic: BATCH_STORED,
      dedupeKey: payload.batchId,
      payload,
    })),
  );

const appendLater = async (deps: StoreBatchDeps, intent: Intent, notices: readonly BatchStored[]): Promise<void> => {
  while (!deps.stopped()) {
    await pause(NOTICE_RETRY_MS);
    try {
      await appendNotices(deps, notices);
      await deps.journal.remove(intent.batchId);
      return;
    } catch (error) {
      deps.logger.warn({ batchId: intent.batchId, error: errorMessage(error) }, "A stored batch can't be told yet.");
    }
  }
};

/**
 * Stores one journalled batch exactly once and tells of it. Resolves when the store holds it durably; the notice follows at once, or from
 * the journal when the event log is out of reach. `doubtful` says that an earlier insert of the same batch may have happened.
 */
export const storeBatch = async (deps: StoreBatchDeps, intent: Intent, doubtful = false): Promise<RefusedRows> => {
  try {
    const refused = await insertUntilStored(deps, intent, doubtful);
    const notices = told(intent.notices, refused.size);
    for (let tries = 1; ; tries += 1) {
      try {
        await appendNotices(deps, notices);
        await deps.journal.remove(intent.batchId);
        return refused;
      } catch (error) {
        deps.logger.warn({ batchId: intent.batchId, error: errorMessage(error) }, "A stored batch could not be told.");
        if (tries >= NOTICE_TRIES) break;
        await pause(FIRST_RETRY_MS);
      }
    }
    void appendLater(deps, intent, notices);
    return refused;
  } finally {
    deps.troubled(intent.batchId, false);
  }
};
