import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { KeptCredential } from "../domain/credential.ts";
import { policyRulesColumn } from "./access-rows.ts";
import { permissionsColumn, tenantIdColumn, timeColumn } from "./stored-row.ts";

/** What is kept of credentials, for the path every request takes: prepared statements, no object mapper. */
export interface CredentialStore {
  /** The one look across tenants: whose key this is can't be known before it was found. */
  findAcrossTenants(id: ApiKeyId): Promise<KeptCredential | null>;
  /** Notes that a key was used, unless a later use is noted already. */
  noteUse(tenantId: TenantId, id: ApiKeyId, atMs: number): Promise<void>;
}

const credentialRow = z
  .object({
    tenant_id: tenantIdColumn,
    key_hash: z.instanceof(Uint8Array),
    previous_key_hash: z.instanceof(Uint8Array).nullable(),
    previous_valid_until: timeColumn.nullable(),
    permissions: permissionsColumn,
    roles: z.array(z.string()),
    role_permissions: permissionsColumn,
    policies: z.array(policyRulesColumn),
    networks: z.array(z.string()).nullable(),
    grant_id: z.string().nullable(),
    expires_at: timeColumn.nullable(),
    revoked_at: timeColumn.nullable(),
    last_used_at: timeColumn.nullable(),
    tenant_state: z.enum(["ACTIVE", "SUSPENDED", "DELETING"]),
  })
  .transform((row): KeptCredential => ({
    tenantId: row.tenant_id,
    tenantState: row.tenant_state,
    keyHash: row.key_hash,
    previousKeyHash: row.previous_key_hash,
    previousValidUntilMs: row.previous_valid_until,
    permissions: row.permissions,
    roles: row.roles,
    rolePermissions: row.role_permissions,
    policies: row.policies,
    networks: row.networks,
    grantId: row.grant_id,
    expiresAtMs: row.expires_at,
    revokedAtMs: row.revoked_at,
    lastUsedAtMs: row.last_used_at,
  }));

/** Asks for one key by its public id; at most one row. */
export const findApiKeyAcrossTenants = (id: ApiKeyId): SqlStatement => ({
  name: "find-presented-key-across-tenants",
  text: `SELECT tenant_id, tenant_state, key_hash, previous_key_hash, previous_valid_until, permissions, roles, role_permissions, policies, networks, grant_id,
  expires_at, revoked_at, last_used_at FROM find_presented_key_across_tenants($1)`,
  params: [id],
});

/** Moves the time of last use forward, never back. */
export const noteApiKeyUse = (id: ApiKeyId, atMs: number): SqlStatement => ({
  name: "note-api-key-use",
  text: "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
  params: [id, new Date(atMs)],
});

/** Builds {@link CredentialStore}. */
export const createCredentialStore = (sql: TenantSql): CredentialStore => ({
  findAcrossTenants: async (id) => {
    const [row] = await sql.runAcrossTenants(findApiKeyAcrossTenants(id), (raw) => credentialRow.parse(raw));
    return row ?? null;
  },
  noteUse: async (tenantId, id, atMs) => {
    await sql.run(tenantId, noteApiKeyUse(id, atMs), () => null);
  },
});
