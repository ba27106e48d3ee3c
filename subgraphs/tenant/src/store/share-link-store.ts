import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { KeptShareLink, ShareLinkToAdd } from "../domain/share-link.ts";
import { policyRulesColumn } from "./access-rows.ts";
import { permissionsColumn, tenantIdColumn, timeColumn } from "./stored-row.ts";

/** Rows of `share_link`, never with the hash but to decide about a presented one. */
export interface ShareLinkStore {
  /** The one look across tenants: whose link this is can't be known before it was found. Null also when who shared it is there no longer. */
  findAcrossTenants(id: ApiKeyId): Promise<KeptShareLink | null>;
  /** Adds one, and forgets those that ended long ago; false when the tenant has `limit` that work. */
  add(link: ShareLinkToAdd, limits: { readonly working: number; readonly keptMs: number }): Promise<boolean>;
  /** False when there is none of the id. */
  revoke(tenantId: TenantId, id: ApiKeyId, nowMs: number): Promise<boolean>;
}

/** Name of what a link itself takes away, among the policies of who shared it. */
const RULES_NAME = "share link";

const linkRow = z
  .object({
    tenant_id: tenantIdColumn,
    tenant_state: z.enum(["ACTIVE", "SUSPENDED", "DELETING"]),
    key_hash: z.instanceof(Uint8Array),
    needs: permissionsColumn,
    ...{ rows: z.unknown(), masks: z.unknown(), expires_at: timeColumn, revoked_at: timeColumn.nullable() },
    permissions: permissionsColumn,
    roles: z.array(z.string()),
    role_permissions: permissionsColumn,
    policies: z.array(policyRulesColumn),
  })
  .transform((row): KeptShareLink => ({
    ...{ tenantId: row.tenant_id, tenantState: row.tenant_state, keyHash: row.key_hash, needs: row.needs },
    rules: policyRulesColumn.parse({ name: RULES_NAME, rows: row.rows, masks: row.masks }),
    ...{ expiresAtMs: row.expires_at, revokedAtMs: row.revoked_at },
    ...{
      permissions: row.permissions,
      roles: row.roles,
      rolePermissions: row.role_permissions,
      policies: row.policies,
    },
  }));

const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });
const nothing = (): null => null;

const insert = (link: ShareLinkToAdd): SqlStatement =>
  statement(
    "add-share-link",
    `INSERT INTO share_link (id, tenant_id, key_hash, sharer_kind, sharer_id, needs, rows, masks, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    ...[link.id, link.tenantId, link.keyHash, link.sharer.kind, link.sharer.id, link.needs],
    ...[JSON.stringify(link.rules.rows), JSON.stringify(link.rules.masks)],
    ...[new Date(link.createdAtMs), new Date(link.expiresAtMs)],
  );

/** Builds {@link ShareLinkStore}. */
export const createShareLinkStore = (sql: TenantSql): ShareLinkStore => ({
  findAcrossTenants: async (id) => {
    const find = statement(
      "find-presented-link-across-tenants",
      `SELECT tenant_id, tenant_state, key_hash, needs, rows, masks, expires_at, revoked_at, permissions, roles, role_permissions, policies
       FROM find_presented_link_across_tenants($1)`,
      id,
    );
    const [row] = await sql.runAcrossTenants(find, (raw) => linkRow.parse(raw));
    return row ?? null;
  },
  add: (link, { working, keptMs }) =>
    sql.transaction(link.tenantId, async (transaction) => {
      const { tenantId, createdAtMs } = link;
      const lock = "SELECT pg_advisory_xact_lock(hashtextextended('share-links:' || $1::text, 0)) IS NULL";
      await transaction.run(statement("lock-share-links", lock, tenantId), nothing);
      const forget = "DELETE FROM share_link WHERE tenant_id = $1 AND expires_at < $2";
      await transaction.run(statement("forget-share-links", forget, tenantId, new Date(createdAtMs - keptMs)), nothing);
      const count = `SELECT count(*)::integer AS found FROM share_link WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2`;
      const counted = statement("count-share-links", count, tenantId, new Date(createdAtMs));
      const [found = 0] = await transaction.run(counted, (raw) => z.object({ found: z.number() }).parse(raw).found);
      if (found >= working) return false;
      await transaction.run(insert(link), nothing);
      return true;
    }),
  revoke: async (tenantId, id, nowMs) => {
    const text = `UPDATE share_link SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND id = $2 RETURNING id`;
    const rows = await sql.run(tenantId, statement("revoke-share-link", text, tenantId, id, new Date(nowMs)), nothing);
    return rows.length > 0;
  },
});
