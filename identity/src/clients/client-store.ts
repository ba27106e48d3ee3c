import type { TenantId } from "@tessera/contracts/ids";
import { parseTenantId } from "@tessera/contracts/ids";
import { isPermission, type Permission } from "@tessera/contracts/permissions";
import type { TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";

/** What kinds of OAuth client there are: for itself, for people with a secret, for people without one. */
export const CLIENT_KINDS = ["SERVICE", "WEB", "PUBLIC"] as const;

/** A working OAuth client of a tenant as the authorization server sees it. */
export interface OAuthClient {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly tenantName: string;
  readonly name: string;
  readonly kind: (typeof CLIENT_KINDS)[number];
  /** Keyed hash of its secret; null for a public client. */
  readonly secretHash: Uint8Array | null;
  readonly redirectUris: readonly string[];
  readonly permissions: readonly Permission[];
  readonly dpopRequired: boolean;
}

/** Reads OAuth clients; whose client it is can't be known before it was found. */
export interface ClientStore {
  findAcrossTenants(clientId: string): Promise<OAuthClient | null>;
}

/** The only form of a client id: others are refused without a lookup. */
const CLIENT_ID = /^tsc-[0-9a-z]{20}$/;

const row = z
  .object({
    id: z.string(),
    tenant_id: z.string(),
    tenant_name: z.string(),
    name: z.string(),
    kind: z.enum(CLIENT_KINDS),
    secret_hash: z.instanceof(Uint8Array).nullable(),
    redirect_uris: z.array(z.string()),
    permissions: z.array(z.string()),
    dpop_required: z.boolean(),
  })
  .transform((found): OAuthClient => {
    const tenantId = parseTenantId(found.tenant_id);
    if (tenantId === null) throw new Error("An OAuth client has no tenant.");
    return {
      id: found.id,
      tenantId,
      tenantName: found.tenant_name,
      name: found.name,
      kind: found.kind,
      secretHash: found.secret_hash,
      redirectUris: found.redirect_uris,
      permissions: found.permissions.filter(isPermission),
      dpopRequired: found.dpop_required,
    };
  });

const TEXT = `SELECT id, tenant_id, tenant_name, name, kind, secret_hash, redirect_uris, permissions, dpop_required
  FROM find_oauth_client_across_tenants($1)`;

/** Builds {@link ClientStore}. */
export const createClientStore = (sql: TenantSql): ClientStore => ({
  findAcrossTenants: async (clientId) => {
    if (!CLIENT_ID.test(clientId)) return null;
    const statement = { name: "find-oauth-client", text: TEXT, params: [clientId] };
    const [found] = await sql.runAcrossTenants(statement, (raw) => row.parse(raw));
    return found ?? null;
  },
});
