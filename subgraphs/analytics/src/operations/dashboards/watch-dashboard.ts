import type { Caller } from "@tessera/contracts/caller";
import { DASHBOARD_CHANGED } from "@tessera/contracts/events/dashboard-changed";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog, LogEntry, LogFollower } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { Dashboard, DashboardVersion } from "../../domain/dashboards/dashboard.ts";
import { mayView } from "../../domain/dashboards/sharing.ts";
import type { DashboardStore } from "../../store/dashboards/dashboard-store-types.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";

/** What watching dashboards needs. */
export interface WatchDeps {
  readonly dashboards: DashboardStore;
  readonly eventLog: Pick<EventLog, "head" | "follow">;
}

/** A message about a dashboard. */
export interface DashboardUpdate {
  readonly cursor: string;
  readonly kind: "PRESENT" | "EDITED" | "SHARED" | "DELETED";
  /** The version that stands after it. */
  readonly version: number;
  /** The dashboard as it is now; told at the start only. */
  readonly dashboard: Dashboard | null;
  /** What was done; null but for an edit. */
  readonly made: DashboardVersion | null;
}

const payload = z.object({
  dashboardId: z.string(),
  change: z.enum(["EDITED", "SHARED", "DELETED"]),
  version: z.number(),
});
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

const hidden = (): Error => refuse("NOT_FOUND", "The tenant has no dashboard of this id.", { field: "id" });

/** State of one subscription: the next change worth telling. */
const createFeed = ({ dashboards, eventLog }: WatchDeps, caller: Caller, id: string, after: LogCursor | null) => {
  let follower: LogFollower | null = null;
  // What the dashboard told at the start holds already: its edits are not told again.
  let known = 0;
  let ended = false;
  const visible = async (): Promise<Dashboard | null> => {
    const [now] = await dashboards.find(caller.tenantId, [id]);
    return now !== undefined && mayView(now.sharing, caller) ? now : null;
  };
  const begin = async (): Promise<DashboardUpdate | null> => {
    // Followed from before the look, so that no change between the two is missed.
    const head = after ?? (await eventLog.head());
    follower = eventLog.follow(caller.tenantId, DASHBOARD_CHANGED, head);
    const dashboard = await visible();
    if (dashboard === null) throw hidden();
    if (after !== null) return null;
    known = dashboard.version;
    return { cursor: formatLogCursor(head), kind: "PRESENT", version: known, dashboard, made: null };
  };
  const told = async (entry: LogEntry): Promise<DashboardUpdate | null> => {
    const { dashboardId, change, version } = payload.parse(entry.payload);
    if (dashboardId !== id || (change === "EDITED" && version <= known)) return null;
    const update = { cursor: formatLogCursor(entry.cursor), kind: change, version, dashboard: null, made: null };
    if (change === "DELETED") {
      ended = true;
      return update;
    }
    // Asked with each change: who may no longer see the dashboard hears nothing more of it.
    const now = await visible();
    if (now === null) {
      // A removal that follows says so itself.
      const [left] = await dashboards.find(caller.tenantId, [id]);
      if (left === undefined) return null;
      throw hidden();
    }
    if (change !== "EDITED") return update;
    const [made] = await dashboards.versions(caller.tenantId, id, { first: 1, before: version + 1 });
    return made === undefined ? null : { ...update, made };
  };
  const next = async (): Promise<IteratorResult<DashboardUpdate>> => {
    if (follower === null) {
      const first = await begin();
      if (first !== null) return { done: false, value: first };
    }
    while (!ended) {
      const step = await follower?.next();
      if (step === undefined || step.done === true) return DONE;
      const update = await told(step.value);
      if (update !== null) return { done: false, value: update };
    }
    return DONE;
  };
  return { next, close: () => void follower?.return() };
};

/**
 * Follows a dashboard: as it is at once, then each edit with what it did, in the order of versions; with a cursor, from what came after it, without a gap.
 * Ends with NOT_FOUND when the caller may see it no longer, and after it was removed.
 */
export const watchDashboard =
  (deps: WatchDeps) =>
  (caller: Caller, id: string, after: string | null): LiveIterator<DashboardUpdate> => {
    if (!isUuid(id)) throw hidden();
    const cursor = after === null ? null : parseLogCursor(after);
    return createLiveIterator(createFeed(deps, caller, id.toLowerCase(), cursor));
  };
