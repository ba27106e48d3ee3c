import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { DashboardLink } from "../../domain/dashboards/link.ts";

/** A link to be added, before anybody has used or ended it. */
export type NewLink = Omit<DashboardLink, "createdAtMs" | "revokedAtMs" | "lastUsedAtMs" | "uses">;

/** Links to dashboards in PostgreSQL. */
export interface LinkStore {
  /** Null when the tenant has none of the id. */
  find(tenantId: TenantId, id: string): Promise<DashboardLink | null>;
  /** Links to a dashboard, the newest first. */
  list(tenantId: TenantId, dashboardId: string): Promise<readonly DashboardLink[]>;
  /** How many of a dashboard's work. */
  working(tenantId: TenantId, dashboardId: string): Promise<number>;
  /** Adds one, and forgets all but the latest of those that ended. */
  add(tenantId: TenantId, link: NewLink, ended: number): Promise<DashboardLink>;
  /** Ends one; null when there is none. */
  revoke(tenantId: TenantId, id: string): Promise<DashboardLink | null>;
  /** Counts a use of one that works; null when none of the id does. */
  use(tenantId: TenantId, id: string): Promise<DashboardLink | null>;
}

const time = z.date().transform((date) => date.getTime());
const row = z
  .object({
    id: z.string(),
    dashboard_id: z.string(),
    name: z.string(),
    shared_by: z.string(),
    as_keeper: z.boolean(),
    widgets: z.array(z.string()).nullable(),
    variables: z.array(z.string()),
    range_open: z.boolean(),
    ...{ created_at: time, expires_at: time, revoked_at: time.nullable(), last_used_at: time.nullable() },
    uses: z.union([z.string(), z.number(), z.bigint()]).transform(String),
  })
  .transform((one): DashboardLink => ({
    ...{ id: one.id, dashboardId: one.dashboard_id, name: one.name, sharedBy: one.shared_by, asKeeper: one.as_keeper },
    ...{ widgets: one.widgets, openVariables: one.variables, rangeOpen: one.range_open, uses: one.uses },
    ...{ createdAtMs: one.created_at, expiresAtMs: one.expires_at },
    ...{ revokedAtMs: one.revoked_at, lastUsedAtMs: one.last_used_at },
  }));
const linkRow = (raw: unknown): DashboardLink => row.parse(raw);
const nothing = (): null => null;

const COLUMNS = `id, dashboard_id, name, shared_by, as_keeper, widgets, variables, range_open, created_at, expires_at, revoked_at, last_used_at,
  uses::text AS uses`;
const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });

const insert = (tenantId: TenantId, link: NewLink, now: Date): SqlStatement =>
  statement(
    "add-dashboard-link",
    `INSERT INTO dashboard_link (tenant_id, id, dashboard_id, name, shared_by, as_keeper, widgets, variables, range_open, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::uuid[], $8, $9, $10, $11) RETURNING ${COLUMNS}`,
    ...[tenantId, link.id, link.dashboardId, link.name, link.sharedBy, link.asKeeper, link.widgets],
    ...[link.openVariables, link.rangeOpen, now, new Date(link.expiresAtMs)],
  );
const forget = (tenantId: TenantId, dashboardId: string, now: Date, kept: number): SqlStatement =>
  statement(
    "forget-dashboard-links",
    `DELETE FROM dashboard_link WHERE tenant_id = $1 AND id IN (SELECT e.id FROM dashboard_link e
       WHERE e.tenant_id = $1 AND e.dashboard_id = $2 AND (e.revoked_at IS NOT NULL OR e.expires_at <= $3) ORDER BY e.created_at DESC, e.id OFFSET $4)`,
    ...[tenantId, dashboardId, now, kept],
  );

const one = (rows: readonly DashboardLink[]): DashboardLink | null => rows[0] ?? null;

/** Builds {@link LinkStore}. */
export const createLinkStore = ({ sql, nowMs }: { readonly sql: TenantSql; readonly nowMs: NowMs }): LinkStore => {
  const now = (): Date => new Date(nowMs());
  return {
    find: async (tenantId, id) => {
      const text = `SELECT ${COLUMNS} FROM dashboard_link WHERE tenant_id = $1 AND id = $2`;
      return one(await sql.run(tenantId, statement("find-dashboard-link", text, tenantId, id), linkRow));
    },
    list: (tenantId, dashboardId) => {
      const text = `SELECT ${COLUMNS} FROM dashboard_link WHERE tenant_id = $1 AND dashboard_id = $2 ORDER BY created_at DESC, id`;
      return sql.run(tenantId, statement("list-dashboard-links", text, tenantId, dashboardId), linkRow);
    },
    working: async (tenantId, dashboardId) => {
      const text = `SELECT count(*)::integer AS found FROM dashboard_link WHERE tenant_id = $1 AND dashboard_id = $2 AND revoked_at IS NULL
        AND expires_at > $3`;
      const count = statement("count-dashboard-links", text, tenantId, dashboardId, now());
      const [found = 0] = await sql.run(tenantId, count, (raw) => z.object({ found: z.number() }).parse(raw).found);
      return found;
    },
    add: (tenantId, link, ended) =>
      sql.transaction(tenantId, async (transaction) => {
        await transaction.run(forget(tenantId, link.dashboardId, now(), ended), nothing);
        const added = one(await transaction.run(insert(tenantId, link, now()), linkRow));
        if (added === null) throw new Error("The link was not stored.");
        return added;
      }),
    revoke: async (tenantId, id) => {
      const text = `UPDATE dashboard_link SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`;
      return one(await sql.run(tenantId, statement("revoke-dashboard-link", text, tenantId, id, now()), linkRow));
    },
    use: async (tenantId, id) => {
      const text = `UPDATE dashboard_link SET uses = uses + 1, last_used_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
        AND expires_at > $3 RETURNING ${COLUMNS}`;
      return one(await sql.run(tenantId, statement("use-dashboard-link", text, tenantId, id, now()), linkRow));
    },
  };
};
