import type { Caller } from "@tessera/contracts/caller";
import type { BatchId, TenantId } from "@tessera/contracts/ids";
import type { IngestOutcome, IngestPort, IngestReceipt } from "@tessera/contracts/ingest";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Probe } from "@tessera/platform/http/health";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { ClickHouseAccess } from "@tessera/platform/store/migrate";
import { createAdmission, type Admission } from "./admission.ts";
import { createBatcher, PARALLEL_INSERTS } from "./batch/batcher.ts";
import { storeBatch, type StoreBatchDeps } from "./batch/store-batch.ts";
import { createClaims } from "./dedupe/claims.ts";
import { createKnownIds } from "./dedupe/known-ids.ts";
import { MAX_EVENTS_PER_REQUEST } from "./domain/limits.ts";
import { createIngestMetrics } from "./ingest-metrics.ts";
import { openIntentJournal, type Intent, type IntentJournal } from "./journal/intent-journal.ts";
import { replayJournal } from "./journal/replay.ts";
import { createStoreWriter, StoreFailure, type StoreWriter } from "./store/store-writer.ts";
import { checkEvents, storeNew } from "./take-events.ts";
import { createWriterLease, type WriterLease } from "./writer/writer-lease.ts";

/** Milliseconds a sender waits for its answer; after it the outcome is unknown to it, and sending the same ids again is safe. */
export const ACK_TIMEOUT_MS = 12_000;
/** Milliseconds a stopping process waits for batches under way; the journal keeps what is left. */
const DRAIN_TIMEOUT_MS = 10_000;
/** Milliseconds between looks whether an insert may begin again. */
const LEASE_LOOK_MS = 50;
/** Milliseconds before taking up the work is tried again. */
const TAKE_UP_RETRY_MS = 500;

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

type Phase = "STANDBY" | "TAKING_UP" | "ACTIVE" | "STOPPED";

const PHASE_SENTENCES: Readonly<Record<Exclude<Phase, "ACTIVE">, string>> = {
  STANDBY: "This process stands by: another one is the writer, or the database that decides on it is not reachable.",
  TAKING_UP: "This process is taking up the writer's work.",
  STOPPED: "This process is stopping.",
};

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

interface Running {
  readonly journal: IntentJournal;
  readonly lease: WriterLease;
}

const closed = (): never => {
  throw new Error("ingest has not been started");
};

/** Builds the write path; see {@link Ingest}. */
export const createIngest = (deps: IngestDeps): Ingest => {
  const { logger, nowMs, newId } = deps;
  const store: StoreWriter = createStoreWriter(deps.clickhouse);
  const known = createKnownIds({ store, logger });
  const claims = createClaims();
  const admission = createAdmission();
  const troubled = new Set<BatchId>();
  const live = new Set<BatchId>();
  let phase: Phase = "STANDBY";
  let running: Running | null = null;
  /** Grows when the lease was broken: batches from before may not be stored by this process any more but through the journal. */
  let era = 0;

  const mayInsert = async (mine: number): Promise<void> => {
    while (phase !== "STOPPED" && mine === era && running?.lease.held() !== true)
      await new Promise((resolve) => setTimeout(resolve, LEASE_LOOK_MS));
    if (mine !== era)
      throw refuse("DEPENDENCY_UNAVAILABLE", "Another process became the writer.", { retryAfterSeconds: 2 });
    if (phase === "STOPPED" && running?.lease.held() !== true)
      throw refuse("DEPENDENCY_UNAVAILABLE", PHASE_SENTENCES.STOPPED, { retryAfterSeconds: 2 });
  };
  const storeDeps = (): StoreBatchDeps => {
    const mine = era;
    return {
      store,
      journal: running?.journal ?? closed(),
      eventLog: deps.eventLog,
      logger,
      mayInsert: () => mayInsert(mine),
      troubled: (batchId, trouble) => (trouble ? troubled.add(batchId) : troubled.delete(batchId)),
      stopped: () => phase === "STOPPED",
    };
  };
  const metrics = createIngestMetrics(deps.metrics, { admission, known, active: () => phase === "ACTIVE" });
  const batcher = createBatcher({
    nowMs,
    newId,
    store: async (intent: Intent) => {
      const parts = storeDeps();
      live.add(intent.batchId);
      try {
        await parts.journal.write(intent);
        return await metrics.timeInsert(intent.rows, () => storeBatch(parts, intent));
      } catch (error) {
        logger.error({ batchId: intent.batchId, error: errorMessage(error) }, "A batch could not be stored.");
        throw error;
      } finally {
        live.delete(intent.batchId);
      }
    },
  });

  const checkOpen = (): void => {
    if (phase !== "ACTIVE") throw refuse("DEPENDENCY_UNAVAILABLE", PHASE_SENTENCES[phase], { retryAfterSeconds: 2 });
    if (troubled.size >= 1)
      throw refuse("DEPENDENCY_UNAVAILABLE", "The event store does not take events at the moment.", {
        retryAfterSeconds: 2,
      });
  };
  const takeUp = async (): Promise<void> => {
    for (;;) {
      try {
        return await replayJournal(storeDeps(), live);
      } catch (error) {
        if (phase !== "TAKING_UP") throw error;
        logger.warn({ error: errorMessage(error) }, "Left-over batches can't be settled yet; trying again.");
        await new Promise((resolve) => setTimeout(resolve, TAKE_UP_RETRY_MS));
      }
    }
  };
  const onAcquired = async (unbroken: boolean): Promise<void> => {
    if (phase === "STOPPED") return;
    if (!unbroken) era += 1;
    phase = "TAKING_UP";
    await takeUp();
    if (phase !== "TAKING_UP") return;
    if (!unbroken || !known.complete) known.rebuild(0);
    phase = "ACTIVE";
    logger.info("This process writes events.");
  };
  const onLost = (): void => {
    if (phase !== "STOPPED") phase = "STANDBY";
  };

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
      checkOpen();
      return withinAckTimeout(take(caller.tenantId, events));
    },
    start: async () => {
      const journal = await openIntentJournal(deps.journalDirectory);
      const journalId = await journal.identity(newId);
      const lease = createWriterLease({ pool: deps.pool, journalId, logger, name: deps.writerName ?? "ingest" });
      running = { journal, lease };
      lease.start({ onAcquired: ({ unbroken }) => onAcquired(unbroken), onLost });
    },
    stop: async () => {
      phase = "STOPPED";
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise((resolve) => (timer = setTimeout(resolve, DRAIN_TIMEOUT_MS)));
      await Promise.race([batcher.drained(), timeout]);
      clearTimeout(timer);
      known.stop();
      await running?.lease.stop(batcher.open === 0);
      await store.close();
    },
    probes: [
      { name: "ingest-writer", check: async () => checkOpen() },
      { name: "event-store-writer", check: () => store.ping() },
    ],
    admission,
  };
};
