import type { BatchId } from "@tessera/contracts/ids";
import type { EventLog } from "@tessera/platform/events/event-log";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { StoreBatchDeps } from "../batch/store-batch.ts";
import type { KnownIds } from "../dedupe/known-ids.ts";
import type { IntentJournal } from "../journal/intent-journal.ts";
import { replayJournal } from "../journal/replay.ts";
import type { StoreWriter } from "../store/store-writer.ts";
import type { WriterLease } from "./writer-lease.ts";

/** Milliseconds between looks whether an insert may begin again. */
const LEASE_LOOK_MS = 50;
/** Milliseconds before taking up the work is tried again. */
const TAKE_UP_RETRY_MS = 500;
/** Seconds after which a refused sender does well to come back. */
const RETRY_AFTER_SECONDS = 2;

/** Where a process is on its way to writing events. */
export type WriterPhase = "STANDBY" | "TAKING_UP" | "ACTIVE" | "STOPPED";

const SENTENCES: Readonly<Record<Exclude<WriterPhase, "ACTIVE">, string>> = {
  STANDBY: "This process stands by: another one is the writer, or the database that decides on it is not reachable.",
  TAKING_UP: "This process is taking up the writer's work.",
  STOPPED: "This process is stopping.",
};

/** Whether this process writes, and what each of its batches is stored with. */
export interface WriterRole {
  readonly phase: WriterPhase;
  /** Throws a refusal while events can't be taken: not the writer, or the store does not take them. */
  checkOpen(): void;
  /** What a batch that begins now is stored with; bound to the present era of the lease. */
  storeDeps(): StoreBatchDeps;
  /** Keeps the journal's replay off a batch while this process itself is storing it. */
  whileLive<T>(batchId: BatchId, work: () => Promise<T>): Promise<T>;
  begin(journal: IntentJournal, lease: WriterLease): void;
  /** Takes nothing more; batches under way go on while the lease is held. */
  close(): void;
  release(clean: boolean): Promise<void>;
}

interface State {
  phase: WriterPhase;
  running: { readonly journal: IntentJournal; readonly lease: WriterLease } | null;
  /** Grows when another process wrote in between: what was under way before may only be stored through the journal's replay. */
  era: number;
  readonly troubled: Set<BatchId>;
  readonly live: Set<BatchId>;
}

const unavailable = (sentence: string) =>
  refuse("DEPENDENCY_UNAVAILABLE", sentence, { retryAfterSeconds: RETRY_AFTER_SECONDS });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const mayInsert = async (state: State, era: number): Promise<void> => {
  for (;;) {
    if (era !== state.era) throw unavailable("Another process became the writer.");
    if (state.running?.lease.held() === true) return;
    if (state.phase === "STOPPED") throw unavailable(SENTENCES.STOPPED);
    await pause(LEASE_LOOK_MS);
  }
};

/** Settles what the journal holds; tries until it is done or this process is no longer about to write. */
const takeUp = async (state: State, logger: Logger, storeDeps: () => StoreBatchDeps): Promise<void> => {
  while (state.phase === "TAKING_UP") {
    try {
      return await replayJournal(storeDeps(), state.live);
    } catch (error) {
      logger.warn({ error: errorMessage(error) }, "Left-over batches can't be settled yet; trying again.");
      await pause(TAKE_UP_RETRY_MS);
    }
  }
};

/** Builds the role; the process stands by until the lease is won. */
export const createWriterRole = (deps: {
  readonly store: StoreWriter;
  readonly eventLog: EventLog;
  readonly known: KnownIds;
  readonly logger: Logger;
}): WriterRole => {
  const { store, eventLog, known, logger } = deps;
  const state: State = { phase: "STANDBY", running: null, era: 0, troubled: new Set(), live: new Set() };
  const storeDeps = (): StoreBatchDeps => {
    const { era, running } = state;
    if (running === null) throw new Error("The write path has not been started.");
    return {
      store,
      eventLog,
      logger,
      journal: running.journal,
      mayInsert: () => mayInsert(state, era),
      troubled: (batchId, trouble) => void (trouble ? state.troubled.add(batchId) : state.troubled.delete(batchId)),
      stopped: () => state.phase === "STOPPED",
    };
  };
  const onAcquired = async (unbroken: boolean): Promise<void> => {
    if (state.phase === "STOPPED") return;
    if (!unbroken) state.era += 1;
    state.phase = "TAKING_UP";
    await takeUp(state, logger, storeDeps);
    if (state.phase !== "TAKING_UP") return;
    if (!unbroken || !known.complete) known.rebuild(0);
    state.phase = "ACTIVE";
    logger.info("This process writes events.");
  };
  return {
    get phase() {
      return state.phase;
    },
    checkOpen: () => {
      if (state.phase !== "ACTIVE") throw unavailable(SENTENCES[state.phase]);
      if (state.troubled.size > 0) throw unavailable("The event store does not take events at the moment.");
    },
    storeDeps,
    whileLive: (batchId, work) => {
      state.live.add(batchId);
      return work().finally(() => state.live.delete(batchId));
    },
    begin: (journal, lease) => {
      state.running = { journal, lease };
      lease.start({
        onAcquired: ({ unbroken }) => onAcquired(unbroken),
        onLost: () => {
          if (state.phase !== "STOPPED") state.phase = "STANDBY";
        },
      });
    },
    close: () => void (state.phase = "STOPPED"),
    release: async (clean) => state.running?.lease.stop(clean),
  };
};
