import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import { CHECKPOINT_EVERY_MS, type ExecutionCheckpoints } from "./execution-checkpoints.ts";
import type { ExecutionRecorder } from "./execution-recorder.ts";

/** A recorder that also knows what is still open, so that the end of the process leaves a record of it too. */
export interface OpenExecutionRecorder extends ExecutionRecorder {
  /**
   * From now on until a record of this id is given to `record`, the end of the process leaves the record that `snapshot` told last: at once, and then
   * every {@link CHECKPOINT_EVERY_MS}.
   */
  open(executionId: string, snapshot: () => ExecutionRecorded): void;
}

/** What has been opened or recorded and is not in the file yet: written once per turn of the event loop. */
const createLines = (checkpoints: ExecutionCheckpoints, attempt: (write: () => void) => void) => {
  let opened = new Map<string, () => ExecutionRecorded>();
  let closed: string[] = [];
  let isWaiting = false;
  const write = (): void => {
    isWaiting = false;
    const [added, dropped] = [[...opened.values()], closed];
    opened = new Map();
    closed = [];
    if (added.length > 0) attempt(() => checkpoints.add(added.map((snapshot) => snapshot())));
    if (dropped.length > 0) attempt(() => checkpoints.drop(dropped));
  };
  const soon = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    setImmediate(write);
  };
  return {
    open: (id: string, snapshot: () => ExecutionRecorded): void => {
      opened.set(id, snapshot);
      soon();
    },
    close: (id: string): void => {
      if (opened.delete(id)) return;
      closed.push(id);
      soon();
    },
  };
};

/**
 * Builds the recorder of a process whose executions may stay open for long. What an earlier process left open is recorded when this one starts, as
 * it stood at its last checkpoint: under the execution's own id, so that one whose end had been recorded is not counted again.
 */
export const createOpenExecutionRecorder = (deps: {
  readonly recorder: ExecutionRecorder;
  readonly checkpoints: ExecutionCheckpoints;
  readonly logger: Logger;
}): OpenExecutionRecorder => {
  const { recorder, checkpoints, logger } = deps;
  const open = new Map<string, () => ExecutionRecorded>();
  const attempt = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      // The journal on the same disk tells its trouble in readiness; the next checkpoint writes everything again.
      logger.warn({ error: errorMessage(error) }, "What is open could not be written down.");
    }
  };
  const lines = createLines(checkpoints, attempt);
  const checkpoint = (): void => attempt(() => checkpoints.replace([...open.values()].map((snapshot) => snapshot())));
  let timer: NodeJS.Timeout | undefined;
  return {
    admit: recorder.admit,
    probe: recorder.probe,
    open: (id, snapshot) => {
      open.set(id, snapshot);
      lines.open(id, snapshot);
    },
    record: async (record) => {
      await recorder.record(record);
      if (open.delete(record.executionId)) lines.close(record.executionId);
    },
    start: async () => {
      const { left } = checkpoints;
      await Promise.all(left.map((record) => recorder.record(record)));
      checkpoint();
      timer = setInterval(checkpoint, CHECKPOINT_EVERY_MS);
      timer.unref();
      await recorder.start();
    },
    stop: async () => {
      clearInterval(timer);
      await recorder.stop();
      checkpoint();
    },
  };
};
