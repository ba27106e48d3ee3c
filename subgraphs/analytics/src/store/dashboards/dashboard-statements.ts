import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { DashboardDocument } from "../../domain/dashboards/document.ts";
import type { Change, Outcome } from "../../domain/dashboards/operation.ts";
import type { Share } from "../../domain/dashboards/sharing.ts";
import type { NewDashboard, Viewer } from "./dashboard-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

const COLUMNS = `tenant_id, id, version, document, owner, view_scope, view_roles, edit_scope, edit_roles, created_at, changed_by,
  changed_at`;

/** Dashboards by id; in no particular order. */
export const findDashboardsStatement = (tenantId: TenantId, ids: readonly string[]) =>
  statement("find-dashboards", `SELECT ${COLUMNS} FROM dashboard WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`, [
    tenantId,
    ids,
  ]);
/** One dashboard, held until the transaction ends, so that its changes follow each other. */
export const lockDashboardStatement = (tenantId: TenantId, id: string) =>
  statement("lock-dashboard", `SELECT ${COLUMNS} FROM dashboard WHERE tenant_id = $1 AND id = $2 FOR UPDATE`, [
    tenantId,
    id,
  ]);
/** Dashboards that somebody may see, by title and id after a place, one more than asked for. */
export const listDashboardsStatement = (
  tenantId: TenantId,
  viewer: Viewer,
  page: { readonly first: number; readonly after: { readonly title: string; readonly id: string } | null },
) =>
  statement(
    "list-dashboards",
    `SELECT ${COLUMNS} FROM dashboard WHERE tenant_id = $1
     AND ($2 OR owner = $3 OR 'TENANT' IN (view_scope, edit_scope) OR view_roles && $4::text[] OR edit_roles && $4::text[])
     AND ($5::text IS NULL OR (title COLLATE "C", id) > ($5, $6::uuid)) ORDER BY title COLLATE "C", id LIMIT $7`,
    [
      ...[tenantId, viewer.all, viewer.subject, viewer.roles],
      ...[page.after?.title ?? null, page.after?.id ?? null, page.first + 1],
    ],
  );
/** One making of a dashboard of a tenant at a time, until the transaction ends. */
export const lockDashboardsStatement = (tenantId: TenantId) =>
  statement("lock-dashboards", "SELECT pg_advisory_xact_lock(hashtextextended('dashboards:' || $1::text, 0)) IS NULL", [
    tenantId,
  ]);
/** How many dashboards a tenant has. */
export const countDashboardsStatement = (tenantId: TenantId) =>
  statement("count-dashboards", "SELECT count(*)::integer AS found FROM dashboard WHERE tenant_id = $1", [tenantId]);
/** Stores a dashboard in its first version. */
export const insertDashboardStatement = (tenantId: TenantId, one: NewDashboard, nowMs: number) => {
  const { owner, view, edit } = one.sharing;
  return statement(
    "insert-dashboard",
    `INSERT INTO dashboard (tenant_id, id, version, title, document, owner, view_scope, view_roles, edit_scope, edit_roles, created_at,
       changed_by, changed_at)
     VALUES ($1, $2, 1, $3, $4::json, $5, $6, $7, $8, $9, $10, $5, $10)`,
    [
      ...[tenantId, one.id, one.document.title, JSON.stringify(one.document), owner],
      ...[view.scope, view.roles, edit.scope, edit.roles, at(nowMs)],
    ],
  );
};
/** Makes a version the one now. */
export const setDashboardStatement = (
  tenantId: TenantId,
  one: {
    readonly id: string;
    readonly version: number;
    readonly document: DashboardDocument;
    readonly by: string;
  },
  nowMs: number,
) =>
  statement(
    "set-dashboard",
    `UPDATE dashboard SET version = $3, title = $4, document = $5::json, changed_by = $6, changed_at = $7
     WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [...[tenantId, one.id, one.version, one.document.title], ...[JSON.stringify(one.document), one.by, at(nowMs)]],
  );
/** Says with whom a dashboard is shared. */
export const shareDashboardStatement = (
  tenantId: TenantId,
  id: string,
  { view, edit }: { readonly view: Share; readonly edit: Share },
) =>
  statement(
    "share-dashboard",
    `UPDATE dashboard SET view_scope = $3, view_roles = $4, edit_scope = $5, edit_roles = $6
     WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [tenantId, id, view.scope, view.roles, edit.scope, edit.roles],
  );
/** Removes a dashboard with all that belongs to it. */
export const removeDashboardStatement = (tenantId: TenantId, id: string) =>
  statement("remove-dashboard", "DELETE FROM dashboard WHERE tenant_id = $1 AND id = $2", [tenantId, id]);

const MADE = "version, changes, restored_from, made_by, made_at";

/** Keeps a version; its document only where it is kept whole. */
export const insertDashboardVersionStatement = (
  tenantId: TenantId,
  one: {
    readonly id: string;
    readonly version: number;
    readonly changes: readonly Change[];
    readonly document: DashboardDocument | null;
    readonly restoredFrom: number | null;
    readonly by: string;
  },
  nowMs: number,
) =>
  statement(
    "insert-dashboard-version",
    `INSERT INTO dashboard_version (tenant_id, dashboard_id, version, changes, document, restored_from, made_by, made_at)
     VALUES ($1, $2, $3, $4::json, $5::json, $6, $7, $8)`,
    [
      ...[tenantId, one.id, one.version, JSON.stringify(one.changes)],
      ...[one.document === null ? null : JSON.stringify(one.document), one.restoredFrom, one.by, at(nowMs)],
    ],
  );
/** Versions after a number, the oldest first. */
export const versionsSinceStatement = (tenantId: TenantId, id: string, version: number) =>
  statement(
    "dashboard-versions-since",
    `SELECT ${MADE} FROM dashboard_version WHERE tenant_id = $1 AND dashboard_id = $2 AND version > $3 ORDER BY version`,
    [tenantId, id, version],
  );
/** Versions before a number, the newest first, one more than asked for. */
export const dashboardVersionsStatement = (
  tenantId: TenantId,
  id: string,
  page: { readonly first: number; readonly before: number | null },
) =>
  statement(
    "dashboard-versions",
    `SELECT ${MADE} FROM dashboard_version WHERE tenant_id = $1 AND dashboard_id = $2 AND ($3::integer IS NULL OR version < $3)
     ORDER BY version DESC LIMIT $4`,
    [tenantId, id, page.before, page.first + 1],
  );
/** A version with those before it from the last one that is kept whole, the oldest first. */
export const pathToVersionStatement = (tenantId: TenantId, id: string, version: number) =>
  statement(
    "path-to-dashboard-version",
    `SELECT ${MADE}, document FROM dashboard_version WHERE tenant_id = $1 AND dashboard_id = $2 AND version <= $3
     AND version >= (SELECT max(w.version) FROM dashboard_version w
       WHERE w.tenant_id = $1 AND w.dashboard_id = $2 AND w.version <= $3 AND w.document IS NOT NULL)
     ORDER BY version`,
    [tenantId, id, version],
  );
/** What became of an edit that was sent before. */
export const findEditStatement = (tenantId: TenantId, id: string, key: string) =>
  statement(
    "find-dashboard-edit",
    "SELECT fingerprint, version, outcomes FROM dashboard_edit WHERE tenant_id = $1 AND dashboard_id = $2 AND idempotency_key = $3",
    [tenantId, id, key],
  );
/** Keeps what became of an edit. */
export const insertEditStatement = (
  tenantId: TenantId,
  one: {
    readonly id: string;
    readonly key: string;
    readonly fingerprint: string;
    readonly version: number;
    readonly outcomes: readonly Outcome[];
  },
  nowMs: number,
) =>
  statement(
    "insert-dashboard-edit",
    `INSERT INTO dashboard_edit (tenant_id, dashboard_id, idempotency_key, fingerprint, version, outcomes, made_at)
     VALUES ($1, $2, $3, $4, $5, $6::json, $7)`,
    [tenantId, one.id, one.key, one.fingerprint, one.version, JSON.stringify(one.outcomes), at(nowMs)],
  );
/** Forgets what became of edits before a moment. */
export const forgetEditsStatement = (tenantId: TenantId, id: string, beforeMs: number) =>
  statement(
    "forget-dashboard-edits",
    "DELETE FROM dashboard_edit WHERE tenant_id = $1 AND dashboard_id = $2 AND made_at < $3",
    [tenantId, id, at(beforeMs)],
  );
