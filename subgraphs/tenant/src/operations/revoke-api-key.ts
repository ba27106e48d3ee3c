import type { Caller } from "@tessera/contracts/caller";
import { parseApiKeyId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ApiKey } from "../domain/api-key.ts";
import type { ApiKeyStore } from "../store/api-key-store.ts";

/** What came of it. */
export type RevokeApiKeyOutcome =
  { readonly kind: "REVOKED"; readonly apiKey: ApiKey } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Builds `revokeApiKey`; doing it again changes nothing. */
export const createRevokeApiKey =
  (deps: { apiKeys: ApiKeyStore; nowMs: NowMs }) =>
  async (caller: Caller, id: string): Promise<RevokeApiKeyOutcome> => {
    const keyId = parseApiKeyId(id);
    const apiKey = keyId === null ? null : await deps.apiKeys.revoke(caller.tenantId, keyId, deps.nowMs());
    return apiKey === null ? { kind: "NOT_FOUND", id } : { kind: "REVOKED", apiKey };
  };
