import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { RollupContent } from "../../domain/rollups/rollup.ts";
import type { RollupDraft } from "./rollup-store-types.ts";

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });
const at = (ms: number): Date => new Date(ms);

/** Rollups in their version now, each with the build begun last and the version that answers. */
const NOW = `SELECT r.id, r.tenant_id, r.name, r.version, r.archived_at, r.created_by, r.created_at, v.content, v.defined_by, v.defined_at,
    b.id AS build_id, b.version AS build_version, b.state, b.events_total, b.events_done, b.rows, b.started_at, b.ready_at, b.failed_code, b.failed_detail,
    (SELECT a.version FROM rollup_build a WHERE a.rollup_id = r.id AND a.state = 'READY') AS answering
  FROM rollup r JOIN rollup_version v ON v.rollup_id = r.id AND v.version = r.version
  LEFT JOIN LATERAL (SELECT * FROM rollup_build l WHERE l.rollup_id = r.id ORDER BY l.started_at DESC, l.version DESC LIMIT 1) b ON true`;

/** One change of a tenant's rollups at a time, until the transaction ends. */
export const lockRollupsStatement = (tenantId: TenantId) =>
  statement("lock-rollups", "SELECT pg_advisory_xact_lock(hashtextextended('rollup:' || $1::text, 0)) IS NULL", [
    tenantId,
  ]);
/** A rollup by its id. */
export const rollupByIdStatement = (tenantId: TenantId, id: string) =>
  statement("rollup-by-id", `${NOW} WHERE r.tenant_id = $1 AND r.id = $2`, [tenantId, id]);
/** A rollup by its name. */
export const rollupByNameStatement = (tenantId: TenantId, name: string) =>
  statement("rollup-by-name", `${NOW} WHERE r.tenant_id = $1 AND r.name = $2`, [tenantId, name]);
/** Rollups by name after a name, one more than asked for. */
export const listRollupsStatement = (
  tenantId: TenantId,
  page: { readonly first: number; readonly after: string | null; readonly archived: boolean },
) =>
  statement(
    "list-rollups",
    `${NOW} WHERE r.tenant_id = $1 AND ($2::text IS NULL OR r.name COLLATE "C" > $2) AND (r.archived_at IS NOT NULL) = $3
     ORDER BY r.name COLLATE "C" LIMIT $4`,
    [tenantId, page.after, page.archived, page.first + 1],
  );
/** Versions of a rollup, the newest first. */
export const rollupVersionsStatement = (tenantId: TenantId, id: string, first: number) =>
  statement(
    "rollup-versions",
    "SELECT version, content, defined_by, defined_at FROM rollup_version WHERE tenant_id = $1 AND rollup_id = $2 ORDER BY version DESC LIMIT $3",
    [tenantId, id, first],
  );
/** How many names there are, and how many are not archived. */
export const countRollupsStatement = (tenantId: TenantId) =>
  statement(
    "count-rollups",
    "SELECT count(*)::integer AS names, (count(*) FILTER (WHERE archived_at IS NULL))::integer AS rollups FROM rollup WHERE tenant_id = $1",
    [tenantId],
  );
/** A row when a version's content is the given one. */
export const sameRollupContentStatement = (tenantId: TenantId, id: string, version: number, content: RollupContent) =>
  statement(
    "same-rollup-content",
    "SELECT version FROM rollup_version WHERE tenant_id = $1 AND rollup_id = $2 AND version = $3 AND content = $4::jsonb",
    [tenantId, id, version, JSON.stringify(content)],
  );
/** Stores a name with its first version's number. */
export const insertRollupStatement = (tenantId: TenantId, { id, name, by }: RollupDraft, nowMs: number) =>
  statement(
    "insert-rollup",
    "INSERT INTO rollup (id, tenant_id, name, version, created_by, created_at) VALUES ($1, $2, $3, 1, $4, $5)",
    [id, tenantId, name, by, at(nowMs)],
  );
/** Keeps a version. */
export const insertRollupVersionStatement = (
  tenantId: TenantId,
  one: { readonly id: string; readonly version: number; readonly content: RollupContent; readonly by: string },
  nowMs: number,
) =>
  statement(
    "insert-rollup-version",
    "INSERT INTO rollup_version (tenant_id, rollup_id, version, content, defined_by, defined_at) VALUES ($1, $2, $3, $4::jsonb, $5, $6)",
    [tenantId, one.id, one.version, JSON.stringify(one.content), one.by, at(nowMs)],
  );
/** Makes a version the one that counts; what was archived is so no more. */
export const setRollupVersionStatement = (tenantId: TenantId, id: string, version: number) =>
  statement(
    "set-rollup-version",
    "UPDATE rollup SET version = $3, archived_at = NULL WHERE tenant_id = $1 AND id = $2",
    [tenantId, id, version],
  );
/** Archives a rollup; the first time counts. */
export const archiveRollupStatement = (tenantId: TenantId, id: string, nowMs: number) =>
  statement(
    "archive-rollup",
    "UPDATE rollup SET archived_at = coalesce(archived_at, $3) WHERE tenant_id = $1 AND id = $2 RETURNING id",
    [tenantId, id, at(nowMs)],
  );
/** Ends the builds of a rollup: the one under way, and, for an archived one, the one that answers. */
export const dropBuildsStatement = (
  tenantId: TenantId,
  rollupId: string,
  states: readonly ("BUILDING" | "READY")[],
  nowMs: number,
) =>
  statement(
    "drop-rollup-builds",
    "UPDATE rollup_build SET state = 'DROPPED', ended_at = $4 WHERE tenant_id = $1 AND rollup_id = $2 AND state = ANY ($3::text[])",
    [tenantId, rollupId, states, at(nowMs)],
  );
/** Begins a build of a version. */
export const insertBuildStatement = (
  tenantId: TenantId,
  one: { readonly buildId: string; readonly rollupId: string; readonly version: number },
  nowMs: number,
) =>
  statement(
    "insert-rollup-build",
    "INSERT INTO rollup_build (id, tenant_id, rollup_id, version, state, started_at) VALUES ($1, $2, $3, $4, 'BUILDING', $5)",
    [one.buildId, tenantId, one.rollupId, one.version, at(nowMs)],
  );
