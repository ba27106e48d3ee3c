import { DASHBOARD_COMMENTED, type DashboardCommented } from "@tessera/contracts/events/dashboard-commented";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Comment } from "../../domain/dashboards/comment.ts";
import { commentRow, countsRow, sentCommentRow } from "./comment-rows.ts";
import * as statements from "./comment-statements.ts";
import type { AddOutcome, CommentStore, NewComment } from "./comment-store-types.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly eventLog: Pick<EventLog, "appendWith">;
  readonly nowMs: NowMs;
}

const nothing = (): null => null;

const stored = (rows: readonly Comment[]): Comment => {
  const [one] = rows;
  if (one === undefined) throw new Error("The comment was not stored.");
  return one;
};

const tell = (
  { eventLog }: Deps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  { id, dashboardId, revision }: Comment,
  change: DashboardCommented["change"],
): Promise<void> => {
  const payload: DashboardCommented = { tenantId, dashboardId, commentId: id, change, revision };
  const dedupeKey = `${id}:${revision}`;
  return eventLog.appendWith(transaction, { tenantId, topic: DASHBOARD_COMMENTED, dedupeKey, payload });
};

/** What was added by the key before; null when nothing was. Refuses with CONFLICT when it was another comment. */
const addedBefore = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  one: NewComment,
): Promise<Comment | null> => {
  const [before] = await transaction.run(statements.findCommentByKeyStatement(tenantId, one), sentCommentRow);
  if (before === undefined || before.fingerprint === one.idempotency.fingerprint) return before?.comment ?? null;
  const detail = "Another comment was made by this key: take a new key for each comment.";
  throw refuse("CONFLICT", detail, { field: "input.idempotencyKey" });
};

/** The thread of what is answered; its widget goes with it. Null when the dashboard has no such comment. */
const threadOf = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  { replyTo, dashboardId }: NewComment,
): Promise<Comment | null> => {
  if (replyTo === null) return null;
  const [answered] = await transaction.run(statements.findCommentStatement(tenantId, replyTo), commentRow);
  return answered?.dashboardId === dashboardId ? answered : null;
};

const add =
  (deps: Deps): CommentStore["add"] =>
  (tenantId, one) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<AddOutcome> => {
      await transaction.run(statements.lockCommentsStatement(one.dashboardId), nothing);
      const before = await addedBefore(transaction, tenantId, one);
      if (before !== null) return { kind: "COMMENTED", comment: before, replayed: true };
      const answered = await threadOf(transaction, tenantId, one);
      if (one.replyTo !== null && answered === null) return { kind: "NO_THREAD" };
      const threadId = answered?.threadId ?? one.id;
      const count = statements.countCommentsStatement(tenantId, one.dashboardId, threadId);
      const [counted] = await transaction.run(count, countsRow);
      const { ofDashboard, ofThread } = one.limits;
      if ((counted?.of_dashboard ?? 0) >= ofDashboard) return { kind: "TOO_MANY", limit: ofDashboard, of: "DASHBOARD" };
      if ((counted?.of_thread ?? 0) >= ofThread) return { kind: "TOO_MANY", limit: ofThread, of: "THREAD" };
      // After every other of the dashboard, whatever the clocks of processes say: so a page that was read is never added to.
      const atMs = Math.max(deps.nowMs(), (counted?.last_at ?? 0) + 1);
      const placed = answered === null ? one : { ...one, widgetId: answered.widgetId, anchor: null };
      const insert = statements.insertCommentStatement(tenantId, placed, threadId, atMs);
      const comment = stored(await transaction.run(insert, commentRow));
      await tell(deps, transaction, tenantId, comment, "ADDED");
      return { kind: "COMMENTED", comment, replayed: false };
    });

const change =
  (deps: Deps): CommentStore["change"] =>
  (tenantId, id, { kind }, decide) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      const [now] = await transaction.run(statements.lockCommentStatement(tenantId, id), commentRow);
      if (now === undefined) return null;
      const next = decide(now, deps.nowMs());
      if (next === null) return now;
      const changed = stored(await transaction.run(statements.setCommentStatement(tenantId, next), commentRow));
      await tell(deps, transaction, tenantId, changed, kind);
      return changed;
    });

/** Builds {@link CommentStore}. */
export const createCommentStore = (deps: Deps): CommentStore => ({
  find: async (tenantId, id) => {
    const [one] = await deps.sql.run(tenantId, statements.findCommentStatement(tenantId, id), commentRow);
    return one ?? null;
  },
  list: (tenantId, dashboardId, page) =>
    deps.sql.run(tenantId, statements.listCommentsStatement(tenantId, dashboardId, page), commentRow),
  add: add(deps),
  change: change(deps),
});
