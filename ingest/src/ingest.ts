import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { IngestOutcome, IngestPort, IngestReceipt } from "@tessera/contracts/ingest";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { countEventsOnMeter } from "@tessera/platform/executions/meter";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Probe } from "@tessera/platform/http/health";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { ClickHouseAccess } from "@tessera/platform/store/migrate";
import { createAdmission, type Admission } from "./admission.ts";
import { createBatcher, type Batcher } from "./batch/batcher.ts";
import { storeBatch } from "./batch/store-batch.ts";
import { createClaims } from "./dedupe/claims.ts";
import { createKnownIds } from "./dedupe/known-ids.ts";
import { MAX_EVENTS_PER_REQUEST } from "./domain/limits.ts";
import { createIngestMetrics, type IngestMetrics } from "./ingest-metrics.ts";
import { openIntentJournal, type Intent } from "./journal/intent-journal.ts";
import { createStoreWriter, StoreFailure } from "./store/store-writer.ts";
import { checkEvents, storeNew } from "./take-events.ts";
import { createWriterLease } from "./writer/writer-lease.ts";
import { createWriterRole, type WriterRole } from "./writer/writer-role.ts";

/** Milliseconds a sender waits for its answer; after it the outcome is unknown to it, and sending the same ids again is safe. */
export const ACK_TIMEOUT_MS = 12_000;
/** Milliseconds a stopping process waits for batches under way; the journal keeps what is left. */
const DRAIN_TIMEOUT_MS = 10_000;
/** What the write path is built from. */
export interface IngestDeps extends Pick<Resources, "pool" | "eventLog" | "logger" | "metrics" | "nowMs" | "newId"> {
  /** The event store, as its user `tessera_writer`. */
  readonly clickhouse: ClickHouseAccess;
  /** Directory of the intent journal; its own for each process that may write, and kept across restarts. */
  readonly journalDirectory: string;
  /** Names the set of processes of which one writes at a time; only tests that share a database need another one. */
  readonly writerName?: string;
}

/** The write path of one process. */
export interface Ingest extends IngestPort {
  /** Begins to work towards being the writer; the process may serve at once and refuses events until then. */
  start(): Promise<void>;
  /** Takes no more events, waits for those under way and gives up the writer's place. */
  stop(): Promise<void>;
  /** Ready while this process is the writer and the store takes events; a standby is alive and not ready. */
  readonly probes: readonly Probe[];
  /** Bounds on what is in flight; the HTTP route takes its bodies' bytes from here. */
  readonly admission: Admission;
}

const receiptOf = (outcomes: readonly IngestOutcome[]): IngestReceipt => {
  const counts = { ACCEPTED: 0, DUPLICATE: 0, REJECTED: 0 };
  for (const outcome of outcomes) counts[outcome.kind] += 1;
  return { accepted: counts.ACCEPTED, duplicate: counts.DUPLICATE, rejected: counts.REJECTED, outcomes };
};

const withinAckTimeout = async <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const unknown = refuse(
      "DEPENDENCY_UNAVAILABLE",
      "The events could not be confirmed in time. Send them again with the same ids: what is stored already counts as duplicate.",
      { retryAfterSeconds: 2 },
    );
    timer = setTimeout(() => reject(unknown), ACK_TIMEOUT_MS);
  });
  // The work goes on when nobody waits any more; its failure is told in the log by the batch.
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

const checkSize = (events: readonly unknown[]): void => {
  if (events.length === 0) throw refuse("BAD_INPUT", "There are no events in the request.", { field: "events" });
  if (events.length > MAX_EVENTS_PER_REQUEST)
    throw refuse("PAYLOAD_TOO_LARGE", `A request carries at most ${MAX_EVENTS_PER_REQUEST} events.`, {
      field: "events",
    });
};

/** Stores one batch: journal first, then the store, then the notice. */
const storeIntent = async (deps: IngestDeps, role: WriterRole, metrics: IngestMetrics, intent: Intent) => {
  const parts = role.storeDeps();
  return role.whileLive(intent.batchId, async () => {
    try {
      await parts.journal.write(intent);
      return await metrics.timeInsert(intent.rows, () => storeBatch(parts, intent));
    } catch (error) {
      deps.logger.error({ batchId: intent.batchId, error: errorMessage(error) }, "A batch could not be stored.");
      throw error;
    }
  });
};

const drainedInTime = async (batcher: Batcher): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_TIMEOUT_MS);
  });
  await Promise.race([batcher.drained(), timeout]);
  clearTimeout(timer);
};

const begin = async (deps: IngestDeps, role: WriterRole): Promise<void> => {
  const { pool, logger, newId } = deps;
  const journal = await openIntentJournal(deps.journalDirectory);
  const journalId = await journal.identity(newId);
  role.begin(journal, createWriterLease({ pool, journalId, logger, name: deps.writerName ?? "ingest" }));
};

/** Builds the write path; see {@link Ingest}. */
export const createIngest = (deps: IngestDeps): Ingest => {
  const { logger, nowMs, newId } = deps;
  const store = createStoreWriter(deps.clickhouse);
  const known = createKnownIds({ store, logger });
  const claims = createClaims();
  const admission = createAdmission();
  const role = createWriterRole({ store, eventLog: deps.eventLog, known, logger });
  const metrics = createIngestMetrics(deps.metrics, { admission, known, active: () => role.phase === "ACTIVE" });
  const batcher = createBatcher({ nowMs, newId, store: (intent) => storeIntent(deps, role, metrics, intent) });

  const take = async (tenantId: TenantId, events: readonly unknown[]): Promise<IngestReceipt> => {
    const giveBack = admission.takeEvents(tenantId, events.length);
    try {
      const checked = checkEvents(events, { nowMs: nowMs(), newId });
      const receipt = receiptOf(await storeNew({ batcher, claims, known }, tenantId, checked));
      metrics.count(receipt);
      return receipt;
    } catch (error) {
      if (error instanceof StoreFailure)
        throw refuse("DEPENDENCY_UNAVAILABLE", "The event store is not reachable.", { retryAfterSeconds: 2 }, error);
      throw error;
    } finally {
      giveBack();
    }
  };
  return {
    ingest: async (caller: Caller, events) => {
      checkSize(events);
      role.checkOpen();
      const receipt = await withinAckTimeout(take(caller.tenantId, events));
      countEventsOnMeter(receipt.accepted);
      return receipt;
    },
    start: () => begin(deps, role),
    stop: async () => {
      role.close();
      await drainedInTime(batcher);
      known.stop();
      await role.release(batcher.open === 0);
      await store.close();
    },
    probes: [
      { name: "ingest-writer", check: async () => role.checkOpen() },
      { name: "event-store-writer", check: () => store.ping() },
    ],
    admission,
  };
};
