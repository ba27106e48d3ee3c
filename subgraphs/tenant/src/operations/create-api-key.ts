import type { Caller } from "@tessera/contracts/caller";
import type { Permission } from "@tessera/contracts/permissions";
import { newApiKey, type RandomBytes } from "@tessera/platform/auth/api-key";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ApiKey } from "../domain/api-key.ts";
import { expiryOfNewKey } from "../domain/expiry.ts";
import { grantablePermissions, permissionsNotHeld } from "../domain/grant.ts";
import { networksOf, requireWholeAccess } from "../domain/hand-on.ts";
import { displayName, idempotencyKey } from "../domain/input-text.ts";
import type { ApiKeyStore } from "../store/api-key-store.ts";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";

/** Working keys a tenant may have: enough for one per service and environment, few enough to look through. */
export const MAX_WORKING_API_KEYS = 200;

/** What a new key shall be, as the caller wrote it. */
export interface NewKeyRequest {
  readonly name: string;
  readonly permissions: readonly string[];
  /** Networks (CIDR) the key may be used from. */
  readonly networks?: readonly string[] | null | undefined;
  readonly expiresAt?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

/** What came of it. */
export type CreateApiKeyOutcome =
  | { readonly kind: "CREATED"; readonly apiKey: ApiKey; readonly secret: string }
  | { readonly kind: "CREATED_BEFORE"; readonly apiKey: ApiKey }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "FULL"; readonly limit: number };

/** Builds `createApiKey`: a caller hands on permissions it holds itself, for no longer than it holds them. */
export const createCreateApiKey =
  (deps: { apiKeys: ApiKeyStore; keyedHash: KeyedHash; randomBytes: RandomBytes; nowMs: NowMs }) =>
  async (caller: Caller, request: NewKeyRequest): Promise<CreateApiKeyOutcome> => {
    requireWholeAccess(caller);
    const nowMs = deps.nowMs();
    const name = displayName(request.name, "input.name");
    const permissions = grantablePermissions(request.permissions, "input.permissions");
    const expiresAtMs = expiryOfNewKey(request.expiresAt, caller.expiresAtMs, nowMs);
    const networks = networksOf(request.networks, caller.networks, "input.networks");
    const idempotent = idempotencyKey(request.idempotencyKey, "input.idempotencyKey");
    const lacking = permissionsNotHeld(caller.permissions, permissions);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const made = newApiKey(deps.randomBytes);
    const key: ApiKey = {
      id: made.keyId,
      tenantId: caller.tenantId,
      name,
      permissions,
      roles: [],
      networks,
      createdAtMs: nowMs,
      createdBy: caller.subject,
      expiresAtMs,
      lastUsedAtMs: null,
      revokedAtMs: null,
      rotatedAtMs: null,
      grantId: null,
      previousValidUntilMs: null,
    };
    const addition = { key, keyHash: deps.keyedHash.of(made.credentialHash), idempotencyKey: idempotent };
    const added = await deps.apiKeys.add(addition, MAX_WORKING_API_KEYS);
    if (added.kind === "ADDED") return { kind: "CREATED", apiKey: added.key, secret: made.secret };
    if (added.kind === "ADDED_BEFORE") return { kind: "CREATED_BEFORE", apiKey: added.key };
    if (added.kind === "FULL") return { kind: "FULL", limit: MAX_WORKING_API_KEYS };
    throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
  };
