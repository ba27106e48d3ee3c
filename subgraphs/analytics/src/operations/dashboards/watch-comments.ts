import type { Caller } from "@tessera/contracts/caller";
import { DASHBOARD_CHANGED } from "@tessera/contracts/events/dashboard-changed";
import { DASHBOARD_COMMENTED, type DashboardCommented } from "@tessera/contracts/events/dashboard-commented";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog, LogEntry, LogFollower } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { Comment } from "../../domain/dashboards/comment.ts";
import { mayView } from "../../domain/dashboards/sharing.ts";
import type { CommentStore } from "../../store/dashboards/comment-store-types.ts";
import type { DashboardStore } from "../../store/dashboards/dashboard-store-types.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";

/** What watching comments needs. */
export interface WatchCommentDeps {
  readonly dashboards: Pick<DashboardStore, "find">;
  readonly comments: Pick<CommentStore, "find">;
  readonly eventLog: Pick<EventLog, "head" | "follow">;
}

/** A message about a comment: what was done, and the comment as it is when it is told. */
export interface CommentMessage {
  readonly cursor: string;
  readonly kind: DashboardCommented["change"];
  readonly revision: number;
  readonly comment: Comment;
}

const payload = z.object({
  dashboardId: z.string(),
  commentId: z.string(),
  change: z.enum(["ADDED", "EDITED", "RESOLVED", "REOPENED", "REMOVED"]),
  revision: z.number(),
});
const changed = z.object({ dashboardId: z.string() });
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
const hidden = (): Error => refuse("NOT_FOUND", "The tenant has no dashboard of this id.", { field: "id" });

/** State of one subscription: comments, and beside them what decides whether their reader may still see the dashboard. */
const createFeed = (deps: WatchCommentDeps, caller: Caller, id: string, after: LogCursor | null) => {
  let follower: LogFollower | null = null;
  let access: LogFollower | null = null;
  let failed: Error | null = null;
  let closed = false;
  const close = (): void => {
    closed = true;
    void follower?.return();
    void access?.return();
  };
  const requireVisible = async (): Promise<void> => {
    const [now] = await deps.dashboards.find(caller.tenantId, [id]);
    if (now === undefined || !mayView(now.sharing, caller)) throw hidden();
  };
  /** Ends the subscription when the dashboard is removed, or shared no longer with its reader, also while nobody comments. */
  const watchAccess = async (changes: LogFollower): Promise<void> => {
    try {
      for await (const { payload: said } of changes) if (changed.parse(said).dashboardId === id) await requireVisible();
    } catch (error) {
      failed =
        error instanceof Error ? error : new Error("Whether the dashboard may be seen is not known.", { cause: error });
      void follower?.return();
    }
  };
  const begin = async (): Promise<LogFollower> => {
    const head = await deps.eventLog.head();
    const comments = deps.eventLog.follow(caller.tenantId, DASHBOARD_COMMENTED, after ?? head);
    const changes = deps.eventLog.follow(caller.tenantId, DASHBOARD_CHANGED, head);
    [follower, access] = [comments, changes];
    if (closed) close();
    await requireVisible();
    void watchAccess(changes);
    return comments;
  };
  const told = async (entry: LogEntry): Promise<CommentMessage | null> => {
    const { dashboardId, commentId, change: kind, revision } = payload.parse(entry.payload);
    if (dashboardId !== id) return null;
    await requireVisible();
    const comment = await deps.comments.find(caller.tenantId, commentId);
    return comment === null ? null : { cursor: formatLogCursor(entry.cursor), kind, revision, comment };
  };
  const next = async (): Promise<IteratorResult<CommentMessage>> => {
    const comments = follower ?? (await begin());
    for (;;) {
      const step = await comments.next();
      if (failed !== null) throw failed;
      if (step.done === true) return DONE;
      const message = await told(step.value);
      if (message !== null) return { done: false, value: message };
    }
  };
  return { next, close };
};

/**
 * Follows the comments on a dashboard: every change from now on, or from what came after a cursor, once and in order. Ends with NOT_FOUND when the caller may
 * see the dashboard no longer.
 */
export const watchComments =
  (deps: WatchCommentDeps) =>
  (caller: Caller, id: string, after: string | null): LiveIterator<CommentMessage> => {
    if (!isUuid(id)) throw hidden();
    const cursor = after === null ? null : parseLogCursor(after);
    return createLiveIterator(createFeed(deps, caller, id.toLowerCase(), cursor));
  };
