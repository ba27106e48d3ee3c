import type { Caller } from "@tessera/contracts/caller";
import { JOB_CHANGED } from "@tessera/contracts/events/job-changed";
import { parseJobId, type JobId } from "@tessera/contracts/ids";
import type { EventLog, LogFollower } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { isFinished, type Job } from "../domain/job.ts";
import type { JobStore } from "../store/job-store-types.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";

/** A job as it is at a place of the event log. */
export interface JobUpdate {
  readonly cursor: string;
  readonly job: Job;
}

const payload = z.object({ jobId: z.string(), revision: z.number() });
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

const unknownJob = (): Error => refuse("NOT_FOUND", "The tenant has no job of this id.", { field: "id" });

/** State of one subscription: the next change worth telling. */
const createFeed = (deps: { jobs: JobStore; eventLog: EventLog }, caller: Caller, id: JobId) => {
  let follower: LogFollower | null = null;
  let told: Job | null = null;
  const look = async (cursor: LogCursor): Promise<JobUpdate> => {
    const job = await deps.jobs.find(caller.tenantId, id);
    if (job === null) throw unknownJob();
    told = job;
    return { cursor: formatLogCursor(cursor), job };
  };
  const begin = async (): Promise<JobUpdate> => {
    // Followed from before the look, so that no change between the two is missed.
    const head = await deps.eventLog.head();
    follower = deps.eventLog.follow(caller.tenantId, JOB_CHANGED, head);
    return look(head);
  };
  const next = async (): Promise<IteratorResult<JobUpdate>> => {
    if (follower === null) return { done: false, value: await begin() };
    if (told !== null && isFinished(told.state)) return DONE;
    for (;;) {
      const step = await follower.next();
      if (step.done === true) return DONE;
      const change = payload.parse(step.value.payload);
      if (change.jobId === id && change.revision > (told?.revision ?? 0))
        return { done: false, value: await look(step.value.cursor) };
    }
  };
  return { next, close: () => void follower?.return() };
};

/**
 * Follows one job: as it is at once, then with each change, until it has finished. Messages are complete, so a subscriber that comes back
 * with a cursor is told the present state first.
 */
export const followJob =
  (deps: { jobs: JobStore; eventLog: EventLog }) =>
  (caller: Caller, text: string, after: string | null): LiveIterator<JobUpdate> => {
    const id = parseJobId(text);
    if (id === null) throw unknownJob();
    if (after !== null) parseLogCursor(after);
    return createLiveIterator(createFeed(deps, caller, id));
  };
