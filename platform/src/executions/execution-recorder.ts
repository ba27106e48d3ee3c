import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { errorMessage } from "../errors/error-message.ts";
import { refuse } from "../errors/refusal.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Probe } from "../http/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ExecutionJournal, JournalFile } from "./execution-journal.ts";
import { executionEntry } from "./execution-record.ts";

/** Milliseconds records wait in the journal before they are told in the event log. */
export const TELL_EVERY_MS = 200;
/** Records appended to the event log in one statement. */
const TELL_BATCH = 500;
/** Bytes of records that may wait while the event log can't be written; above it no more work is taken. */
export const MAX_WAITING_BYTES = 268_435_456;
/** Milliseconds before telling is tried again. */
const RETRY_MS = 1_000;
const RETRY_AFTER_SECONDS = 5;

/** Where every execution is recorded: in the journal before its answer is given, and soon after, once, in the event log. */
export interface ExecutionRecorder {
  /** Refuses with OVERLOADED while so many records wait that no more may be made; asked before work begins. */
  admit(): void;
  /** Resolves when the end of this process can no longer lose the record. Rejects when the disk takes no more. */
  record(record: ExecutionRecorded): Promise<void>;
  start(): Promise<void>;
  /** Tells what waits, as far as the event log takes it; the rest is told after the next start. */
  stop(): Promise<void>;
  /** Fails while records can't be written or too many wait. */
  readonly probe: Probe;
}

interface Waiting {
  readonly records: ExecutionRecorded[];
  readonly written: Promise<void>;
}

/** Writes all records of one turn of the event loop at once. */
const createWriter = (journal: ExecutionJournal, onOutcome: (error: unknown) => void) => {
  let waiting: Waiting | null = null;
  const write = (records: readonly ExecutionRecorded[]): void => {
    try {
      journal.write(records);
      onOutcome(null);
    } catch (error) {
      onOutcome(error);
      throw error;
    }
  };
  const gather = (): Waiting => {
    const records: ExecutionRecorded[] = [];
    const written = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        waiting = null;
        try {
          write(records);
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    return { records, written };
  };
  return (record: ExecutionRecorded): Promise<void> => {
    waiting ??= gather();
    waiting.records.push(record);
    return waiting.written;
  };
};

/** Tells what the journal holds, again and again; a file is forgotten once all its records are in the event log. */
const createTeller = ({ journal, eventLog, logger }: RecorderDeps) => {
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<boolean> = Promise.resolve(true);
  const tellFile = async (file: JournalFile): Promise<void> => {
    const records = await journal.read(file);
    for (let from = 0; from < records.length; from += TELL_BATCH)
      await eventLog.append(records.slice(from, from + TELL_BATCH).map(executionEntry));
    await journal.remove(file);
  };
  const tell = async (): Promise<boolean> => {
    try {
      for (let files = journal.files(); files.length > 0; files = journal.files())
        for (const file of files) await tellFile(file);
      return true;
    } catch (error) {
      logger.warn({ error: errorMessage(error) }, "Records of executions wait: the event log can't be written.");
      return false;
    }
  };
  const again = (told: boolean): void => {
    const round = (): void => {
      telling = tell();
      void telling.then(again);
    };
    timer = setTimeout(round, told ? TELL_EVERY_MS : RETRY_MS);
    timer.unref();
  };
  return {
    start: () => again(true),
    stop: async () => {
      clearTimeout(timer);
      await telling;
      clearTimeout(timer);
      await new Promise((resolve) => setImmediate(resolve));
      await tell();
    },
  };
};

/** What a recorder is built over. */
export interface RecorderDeps {
  readonly journal: ExecutionJournal;
  readonly eventLog: Pick<EventLog, "append">;
  readonly logger: Logger;
}

/** Builds the recorder over a journal and the event log, whose dedupe key (the execution's id) makes telling twice the same as once. */
export const createExecutionRecorder = (deps: RecorderDeps): ExecutionRecorder => {
  const { journal } = deps;
  let failure: unknown = null;
  const record = createWriter(journal, (error) => {
    failure = error;
  });
  const teller = createTeller(deps);
  const check = (): void => {
    if (failure !== null) throw new Error(`records of executions can't be written: ${errorMessage(failure)}`);
    if (journal.waitingBytes() > MAX_WAITING_BYTES) throw new Error("too many records of executions wait to be told");
  };
  return {
    admit: () => {
      if (journal.waitingBytes() > MAX_WAITING_BYTES)
        throw refuse("OVERLOADED", "Too many records of what was done wait to be stored.", {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
    },
    record,
    start: async () => teller.start(),
    stop: teller.stop,
    probe: { name: "execution journal", check: async () => check() },
  };
};
