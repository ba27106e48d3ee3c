import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import type { OAuthClient } from "../domain/oauth-client.ts";
import type { OAuthClientStore } from "../store/oauth-client-store.ts";

/** What came of it. */
export type RevokeOAuthClientOutcome =
  { readonly kind: "REVOKED"; readonly client: OAuthClient } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Builds `revokeOAuthClient`; doing it again changes nothing. */
export const createRevokeOAuthClient =
  (deps: { clients: OAuthClientStore; nowMs: NowMs }) =>
  async (caller: Caller, id: string): Promise<RevokeOAuthClientOutcome> => {
    const client = await deps.clients.revoke(caller.tenantId, id, deps.nowMs());
    return client === null ? { kind: "NOT_FOUND", id } : { kind: "REVOKED", client };
  };
