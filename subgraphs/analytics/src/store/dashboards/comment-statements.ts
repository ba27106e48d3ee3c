import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { Comment } from "../../domain/dashboards/comment.ts";
import type { CommentPage, NewComment } from "./comment-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

const COLUMNS = `c.id, c.dashboard_id, c.thread_id, c.widget_id, c.anchor, c.body, c.mentions, c.made_by, c.made_at, c.revision, c.edited_at,
  c.removed_at, c.resolved_by, c.resolved_at`;

/** Finds one comment by its id. */
export const findCommentStatement = (tenantId: TenantId, id: string) =>
  statement(
    "find-dashboard-comment",
    `SELECT ${COLUMNS} FROM dashboard_comment c WHERE c.tenant_id = $1 AND c.id = $2`,
    [tenantId, id],
  );
/** One comment, held until the transaction ends, so that its changes follow each other. */
export const lockCommentStatement = (tenantId: TenantId, id: string) =>
  statement(
    "lock-dashboard-comment",
    `SELECT ${COLUMNS} FROM dashboard_comment c WHERE c.tenant_id = $1 AND c.id = $2 FOR UPDATE`,
    [tenantId, id],
  );
/** Comments of a dashboard after a place, in the order they were written, one more than asked for. */
export const listCommentsStatement = (tenantId: TenantId, dashboardId: string, page: CommentPage) =>
  statement(
    "list-dashboard-comments",
    `SELECT ${COLUMNS} FROM dashboard_comment c
     JOIN dashboard_comment t ON t.tenant_id = c.tenant_id AND t.id = c.thread_id
     WHERE c.tenant_id = $1 AND c.dashboard_id = $2 AND ($3::timestamptz IS NULL OR (c.made_at, c.id) > ($3, $4::uuid))
     AND ($5::uuid IS NULL OR c.thread_id = $5) AND ($6::uuid IS NULL OR c.widget_id = $6)
     AND ($7::boolean IS NULL OR (t.resolved_at IS NOT NULL) = $7)
     ORDER BY c.made_at, c.id LIMIT $8`,
    [
      ...[tenantId, dashboardId, at(page.after?.atMs ?? null), page.after?.id ?? null],
      ...[page.threadId, page.widgetId, page.resolved, page.first + 1],
    ],
  );
/** One addition to the comments of a dashboard at a time, until the transaction ends: so they are counted, and written in the order of their moments. */
export const lockCommentsStatement = (dashboardId: string) =>
  statement(
    "lock-dashboard-comments",
    "SELECT pg_advisory_xact_lock(hashtextextended('dashboard-comments:' || $1::text, 0)) IS NULL",
    [dashboardId],
  );
/** What was added by a key. */
export const findCommentByKeyStatement = (tenantId: TenantId, { dashboardId, by, idempotency }: NewComment) =>
  statement(
    "find-dashboard-comment-by-key",
    `SELECT ${COLUMNS}, c.fingerprint FROM dashboard_comment c
     WHERE c.tenant_id = $1 AND c.dashboard_id = $2 AND c.made_by = $3 AND c.idempotency_key = $4`,
    [tenantId, dashboardId, by, idempotency.key],
  );
/** How many comments a dashboard and one of its threads have, and the moment of the last. */
export const countCommentsStatement = (tenantId: TenantId, dashboardId: string, threadId: string | null) =>
  statement(
    "count-dashboard-comments",
    `SELECT count(*)::integer AS of_dashboard, (count(*) FILTER (WHERE thread_id = $3::uuid))::integer AS of_thread, max(made_at) AS last_at
     FROM dashboard_comment WHERE tenant_id = $1 AND dashboard_id = $2`,
    [tenantId, dashboardId, threadId],
  );
/** Stores a comment in its first revision. */
export const insertCommentStatement = (tenantId: TenantId, one: NewComment, threadId: string, atMs: number) =>
  statement(
    "insert-dashboard-comment",
    `INSERT INTO dashboard_comment AS c (tenant_id, id, dashboard_id, thread_id, widget_id, anchor, body, mentions, made_by, made_at,
       idempotency_key, fingerprint)
     VALUES ($1, $2, $3, $4, $5, $6::json, $7, $8::uuid[], $9, $10, $11, $12) RETURNING ${COLUMNS}`,
    [
      ...[tenantId, one.id, one.dashboardId, threadId, one.widgetId],
      ...[one.anchor === null ? null : JSON.stringify(one.anchor), one.text, one.mentions, one.by, at(atMs)],
      ...[one.idempotency.key, one.idempotency.fingerprint],
    ],
  );
/** Makes a comment what it became. */
export const setCommentStatement = (tenantId: TenantId, one: Comment) =>
  statement(
    "set-dashboard-comment",
    `UPDATE dashboard_comment AS c SET anchor = $3::json, body = $4, mentions = $5::uuid[], revision = $6, edited_at = $7, removed_at = $8,
       resolved_by = $9, resolved_at = $10
     WHERE c.tenant_id = $1 AND c.id = $2 RETURNING ${COLUMNS}`,
    [
      ...[tenantId, one.id, one.anchor === null ? null : JSON.stringify(one.anchor), one.text, one.mentions],
      ...[one.revision, at(one.editedAtMs), at(one.removedAtMs), one.resolvedBy, at(one.resolvedAtMs)],
    ],
  );
