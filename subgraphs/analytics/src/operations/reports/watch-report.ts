import type { Caller } from "@tessera/contracts/caller";
import { REPORT_CHANGED } from "@tessera/contracts/events/report-changed";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog, LogEntry, LogFollower } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { Report, ReportRun } from "../../domain/reports/report.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { findReport, maySeeReport, type FindReportDeps } from "./find-reports.ts";

/** What watching reports needs. */
export interface WatchReportDeps extends FindReportDeps {
  readonly eventLog: Pick<EventLog, "head" | "follow">;
}

/** A message about a report: what changed, with both as they are when it is told. */
export interface ReportUpdate {
  readonly cursor: string;
  readonly kind: "PRESENT" | "DEFINED" | "PAUSED" | "RESUMED" | "REMOVED" | "RUN";
  /** Null once it was removed. */
  readonly report: Report | null;
  /** The run that changed; null when the report itself did, and for a run that is kept no longer. */
  readonly run: ReportRun | null;
}

const payload = z.object({
  reportId: z.string(),
  owner: z.string(),
  runId: z.string().nullable(),
  change: z.enum(["DEFINED", "PAUSED", "RESUMED", "REMOVED", "RUN"]),
  revision: z.number(),
});
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
const hidden = (): Error => refuse("NOT_FOUND", "The tenant has no report of this id.", { field: "id" });

/** State of one subscription: the next change worth telling. */
const createFeed = (deps: WatchReportDeps, caller: Caller, id: string, after: LogCursor | null) => {
  let follower: LogFollower | null = null;
  let ended = false;
  /** Revisions of runs that were told: a run is told as it is, so that what lies before it is no news. */
  const told = new Map<string, number>();
  const begin = async (): Promise<ReportUpdate | null> => {
    // Followed from before the look, so that no change between the two is missed.
    const head = after ?? (await deps.eventLog.head());
    follower = deps.eventLog.follow(caller.tenantId, REPORT_CHANGED, head);
    const report = await findReport(deps)(caller, id);
    // With a cursor, a removal since is told by what follows.
    if (report === null && after === null) throw hidden();
    return after === null ? { cursor: formatLogCursor(head), kind: "PRESENT", report, run: null } : null;
  };
  const next = async (entry: LogEntry): Promise<ReportUpdate | null> => {
    const { reportId, owner, runId, change, revision } = payload.parse(entry.payload);
    if (reportId !== id || (runId !== null && revision <= (told.get(runId) ?? 0))) return null;
    const cursor = formatLogCursor(entry.cursor);
    if (change === "REMOVED") {
      ended = true;
      if (!maySeeReport(caller)({ owner })) throw hidden();
      return { cursor, kind: change, report: null, run: null };
    }
    // Asked with each change: who may no longer see the report hears nothing more of it.
    const report = await findReport(deps)(caller, id);
    if (report === null) {
      const there = await deps.reports.find(caller.tenantId, id);
      if (there === null) return null;
      throw hidden();
    }
    const run = runId === null ? null : await deps.reports.findRun(caller.tenantId, runId);
    if (runId !== null && run === null) return null;
    if (run !== null) told.set(run.id, run.revision);
    return { cursor, kind: change, report, run };
  };
  const step = async (): Promise<IteratorResult<ReportUpdate>> => {
    if (follower === null) {
      const first = await begin();
      if (first !== null) return { done: false, value: first };
    }
    while (!ended) {
      const entry = await follower?.next();
      if (entry === undefined || entry.done === true) return DONE;
      const update = await next(entry.value);
      if (update !== null) return { done: false, value: update };
    }
    return DONE;
  };
  return { next: step, close: () => void follower?.return() };
};

/**
 * Follows a report: as it is at once, then each change of it and of its runs, to their end; with a cursor, from what came after it, without a gap. Ends with
 * NOT_FOUND when the caller may see it no longer, and after it was removed.
 */
export const watchReport =
  (deps: WatchReportDeps) =>
  (caller: Caller, id: string, after: string | null): LiveIterator<ReportUpdate> => {
    if (!isUuid(id)) throw hidden();
    return createLiveIterator(
      createFeed(deps, caller, id.toLowerCase(), after === null ? null : parseLogCursor(after)),
    );
  };
