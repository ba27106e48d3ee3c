import type { AccessTokenClaims } from "@tessera/platform/auth/access-token";
import type { TenantSql } from "@tessera/platform/db/sql";
import { idHashOf } from "./state-store.ts";

/** Whether tokens still stand: their client, person, tenant, grant and they themselves. */
export interface StandingStore {
  standsAcrossTenants(claims: AccessTokenClaims): Promise<boolean>;
}

const TEXT = "SELECT 1 FROM find_token_standing_across_tenants($1, $2, $3, $4)";

/** Builds {@link StandingStore}. */
export const createStandingStore = (sql: TenantSql): StandingStore => ({
  standsAcrossTenants: async ({ clientId, userId, tokenId, grantHash }) => {
    const grant = grantHash === null ? null : Buffer.from(grantHash, "base64url");
    const statement = { name: "token-stands", text: TEXT, params: [clientId, userId, idHashOf(tokenId), grant] };
    return (await sql.runAcrossTenants(statement, () => true)).length > 0;
  },
});
