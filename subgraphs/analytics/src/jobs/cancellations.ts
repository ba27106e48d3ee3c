import { JOB_CHANGED } from "@tessera/contracts/events/job-changed";
import type { EventLog, LogFollower } from "@tessera/platform/events/event-log";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import type { Cancellations } from "./run-long-query.ts";

const payload = z.object({ jobId: z.string() });

/** Milliseconds before a follower that ended is made anew. */
const AGAIN_MS = 1_000;

/** Watches the event log for changes of the jobs that run here. */
export interface WatchedCancellations extends Cancellations {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Builds {@link WatchedCancellations}: one follower for all jobs of the process. */
export const createCancellations = (deps: { eventLog: EventLog; logger: Logger }): WatchedCancellations => {
  const watchers = new Map<string, () => void>();
  let follower: LogFollower | null = null;
  let stopped = true;
  const follow = async (): Promise<void> => {
    while (!stopped) {
      try {
        follower = deps.eventLog.followAcrossTenants(JOB_CHANGED);
        for await (const entry of follower) watchers.get(payload.parse(entry.payload).jobId)?.();
      } catch (error) {
        deps.logger.warn({ error: errorMessage(error) }, "Job changes are not seen; watching again.");
      }
      // What changed meanwhile was not seen: every running job looks for itself.
      for (const look of watchers.values()) look();
      if (!stopped) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  return {
    watch: ({ jobId }, onChange) => {
      watchers.set(jobId, onChange);
      return () => watchers.delete(jobId);
    },
    start: () => {
      stopped = false;
      void follow();
      return Promise.resolve();
    },
    stop: async () => {
      stopped = true;
      await follower?.return();
    },
  };
};
