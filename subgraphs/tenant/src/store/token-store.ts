import { createHash } from "node:crypto";
import type { TenantId, UserId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { permissionsColumn, tenantIdColumn } from "./stored-row.ts";

/** What a verified access token names, to look up what still stands of it. */
export interface TokenFacts {
  readonly tokenId: string;
  readonly clientId: string;
  readonly userId: UserId | null;
  /** SHA-256 of the grant, base64url; null for a client on its own. */
  readonly grantHash: string | null;
}

/** What still stands behind a token. */
export interface KeptStanding {
  readonly tenantId: TenantId;
  readonly clientPermissions: readonly Permission[];
  /** Names of the person's roles; null for a client on its own. */
  readonly userRoles: readonly string[] | null;
}

/** Looks behind tokens and keeps invitations. */
export interface TokenStore {
  /** Null when the client, person, tenant, grant or the token itself was ended. */
  standingAcrossTenants(facts: TokenFacts): Promise<KeptStanding | null>;
  /** Keeps an invitation; earlier ones of the same person end with it. */
  invite(tenantId: TenantId, userId: UserId, tokenHash: Uint8Array, nowMs: number, expiresAtMs: number): Promise<void>;
}

const standingRow = z
  .object({
    tenant_id: tenantIdColumn,
    client_permissions: permissionsColumn,
    user_roles: z.array(z.string()).nullable(),
  })
  .transform((row): KeptStanding => ({
    tenantId: row.tenant_id,
    clientPermissions: row.client_permissions,
    userRoles: row.user_roles,
  }));

/** Builds {@link TokenStore}. */
export const createTokenStore = (sql: TenantSql): TokenStore => ({
  standingAcrossTenants: async ({ tokenId, clientId, userId, grantHash }) => {
    const statement = {
      name: "find-token-standing",
      text: "SELECT tenant_id, client_permissions, user_roles FROM find_token_standing_across_tenants($1, $2, $3, $4)",
      params: [
        clientId,
        userId,
        createHash("sha256").update(tokenId).digest(),
        grantHash === null ? null : Buffer.from(grantHash, "base64url"),
      ],
    };
    const [row] = await sql.runAcrossTenants(statement, (raw) => standingRow.parse(raw));
    return row ?? null;
  },
  invite: (tenantId, userId, tokenHash, nowMs, expiresAtMs) =>
    sql.transaction(tenantId, async (transaction) => {
      const now = new Date(nowMs);
      const end = {
        name: "end-invitations",
        text: "UPDATE person_invitation SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        params: [userId, now],
      };
      await transaction.run(end, () => null);
      const add = {
        name: "add-invitation",
        text: `INSERT INTO person_invitation (token_hash, tenant_id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
        params: [tokenHash, tenantId, userId, now, new Date(expiresAtMs)],
      };
      await transaction.run(add, () => null);
    }),
});
