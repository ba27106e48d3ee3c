import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { OAuthClient, OAuthClientKind } from "../domain/oauth-client.ts";
import type { PageRequest } from "../domain/page.ts";
import { permissionsColumn, tenantIdColumn, timeColumn } from "./stored-row.ts";

/** Rows of `oauth_client`, never with the hash of a secret. */
export interface OAuthClientStore {
  /** Clients from the newest on: those of the page and one more if there is one. */
  list(tenantId: TenantId, page: PageRequest): Promise<readonly OAuthClient[]>;
  /** Adds a client unless the tenant already has `limit` that work; false then. */
  add(client: OAuthClient, secretHash: Uint8Array | null, limit: number): Promise<boolean>;
  /** Revokes a client, once; null when the tenant has no such client. */
  revoke(tenantId: TenantId, id: string, nowMs: number): Promise<OAuthClient | null>;
}

const COLUMNS = `id, tenant_id, name, kind, redirect_uris, permissions, dpop_required, created_at, created_by_kind, created_by_id, revoked_at`;

const kindColumn: z.ZodType<OAuthClientKind> = z.enum(["SERVICE", "WEB", "PUBLIC"]);

const clientRow = z
  .object({
    id: z.string(),
    tenant_id: tenantIdColumn,
    name: z.string(),
    kind: kindColumn,
    redirect_uris: z.array(z.string()),
    permissions: permissionsColumn,
    dpop_required: z.boolean(),
    created_at: timeColumn,
    created_by_kind: z.enum(SUBJECT_KINDS),
    created_by_id: z.string(),
    revoked_at: timeColumn.nullable(),
  })
  .transform((row): OAuthClient => ({
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    kind: row.kind,
    redirectUris: row.redirect_uris,
    permissions: row.permissions,
    dpopRequired: row.dpop_required,
    createdAtMs: row.created_at,
    createdBy: { kind: row.created_by_kind, id: row.created_by_id },
    revokedAtMs: row.revoked_at,
  }));

const parse = (row: unknown): OAuthClient => clientRow.parse(row);

/** Clients of the tenant from the newest on, behind a place. */
const listClients = ({ first, after }: PageRequest): SqlStatement => ({
  name: "list-oauth-clients",
  text: `SELECT ${COLUMNS} FROM oauth_client WHERE $2::timestamptz IS NULL OR (created_at, id) < ($2, $3)
    ORDER BY created_at DESC, id DESC LIMIT $1`,
  params: [first + 1, after === null ? null : new Date(after.createdAtMs), after?.id ?? null],
});

/** Adds a client if fewer than the limit work; the caller holds the tenant's row. */
const addClient = (client: OAuthClient, secretHash: Uint8Array | null, limit: number): SqlStatement => ({
  name: "add-oauth-client",
  text: `INSERT INTO oauth_client (id, tenant_id, name, kind, secret_hash, redirect_uris, permissions, dpop_required, created_at,
      created_by_kind, created_by_id)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    WHERE (SELECT count(*) FROM oauth_client WHERE tenant_id = $2 AND revoked_at IS NULL) < $12 RETURNING id`,
  params: [
    ...[client.id, client.tenantId, client.name, client.kind, secretHash, client.redirectUris, client.permissions],
    ...[client.dpopRequired, new Date(client.createdAtMs), client.createdBy.kind, client.createdBy.id, limit],
  ],
});

const LOCK_TENANT = { name: "lock-own-tenant", text: "SELECT 1 FROM tenant FOR UPDATE", params: [] };

/** Builds {@link OAuthClientStore}. */
export const createOAuthClientStore = (sql: TenantSql): OAuthClientStore => ({
  list: (tenantId, page) => sql.run(tenantId, listClients(page), parse),
  add: (client, secretHash, limit) =>
    sql.transaction(client.tenantId, async (transaction) => {
      await transaction.run(LOCK_TENANT, () => null);
      return (await transaction.run(addClient(client, secretHash, limit), () => true)).length > 0;
    }),
  revoke: async (tenantId, id, nowMs) => {
    const text = `UPDATE oauth_client SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING ${COLUMNS}`;
    const statement = { name: "revoke-oauth-client", text, params: [id, new Date(nowMs)] };
    const [row] = await sql.run(tenantId, statement, parse);
    return row ?? null;
  },
});
