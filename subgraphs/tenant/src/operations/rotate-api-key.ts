import type { Caller } from "@tessera/contracts/caller";
import { parseApiKeyId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { newApiKey, type RandomBytes } from "@tessera/platform/auth/api-key";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import type { NowMs } from "@tessera/platform/time/clock";
import { effectiveAccess } from "../domain/access.ts";
import { apiKeyState, type ApiKey } from "../domain/api-key.ts";
import { networksOf, notHeldOf, requireWholeAccess } from "../domain/hand-on.ts";
import { overlapEnd } from "../domain/rotation.ts";
import type { AccessStore } from "../store/access-store.ts";
import type { ApiKeyStore } from "../store/api-key-store.ts";

/** What came of giving a key a new secret. */
export type RotateApiKeyOutcome =
  | { readonly kind: "ROTATED"; readonly apiKey: ApiKey; readonly secret: string }
  | { readonly kind: "NOT_FOUND"; readonly id: string }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] };

/** What came of binding a key to networks. */
export type SetNetworksOutcome =
  | { readonly kind: "SET"; readonly apiKey: ApiKey }
  | { readonly kind: "NOT_FOUND"; readonly id: string }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] };

interface KeyDeps {
  readonly apiKeys: ApiKeyStore;
  readonly access: AccessStore;
  readonly nowMs: NowMs;
}

/** The key, if it works and may do nothing the caller may not: its new secret, or a wider door to it, would otherwise raise the caller. */
const ownKey = async ({ apiKeys, access, nowMs }: KeyDeps, caller: Caller, id: string) => {
  requireWholeAccess(caller);
  const keyId = parseApiKeyId(id);
  const key = keyId === null ? null : await apiKeys.find(caller.tenantId, keyId);
  const kept =
    keyId === null || key === null ? null : await access.keptAccess(caller.tenantId, { kind: "API_KEY", id: keyId });
  if (key === null || kept === null || apiKeyState(key, nowMs()) !== "ACTIVE")
    return { kind: "NOT_FOUND", id } as const;
  const lacking = notHeldOf(caller, effectiveAccess({ ...kept, policies: [] }, "").permissions);
  return lacking.length > 0 ? ({ kind: "NOT_HELD", permissions: lacking } as const) : ({ kind: "FOUND", key } as const);
};

/** Builds `rotateApiKey`: the new secret is valid at once, the old one until the stated time; the one before that ends now. */
export const createRotateApiKey =
  (deps: KeyDeps & { readonly keyedHash: KeyedHash; readonly randomBytes: RandomBytes }) =>
  async (
    caller: Caller,
    request: { readonly id: string; readonly oldSecretUntil?: string | null | undefined },
  ): Promise<RotateApiKeyOutcome> => {
    const nowMs = deps.nowMs();
    const untilMs = overlapEnd(request.oldSecretUntil, nowMs, "oldSecretUntil");
    const found = await ownKey(deps, caller, request.id);
    if (found.kind !== "FOUND") return found;
    const { tenantId, id } = found.key;
    const made = newApiKey(deps.randomBytes, id);
    const rotation = { keyHash: deps.keyedHash.of(made.credentialHash), untilMs, nowMs };
    const apiKey = await deps.apiKeys.rotate(tenantId, id, rotation);
    return apiKey === null ? { kind: "NOT_FOUND", id: request.id } : { kind: "ROTATED", apiKey, secret: made.secret };
  };

/** Builds `setApiKeyNetworks`: calls with the key from anywhere else are refused within five seconds, and open connections end. */
export const createSetApiKeyNetworks =
  (deps: KeyDeps) =>
  async (
    caller: Caller,
    request: { readonly id: string; readonly networks?: readonly string[] | null | undefined },
  ): Promise<SetNetworksOutcome> => {
    const networks = networksOf(request.networks, caller.networks, "networks");
    const found = await ownKey(deps, caller, request.id);
    if (found.kind !== "FOUND") return found;
    const apiKey = await deps.apiKeys.setNetworks(found.key.tenantId, found.key.id, networks);
    return apiKey === null ? { kind: "NOT_FOUND", id: request.id } : { kind: "SET", apiKey };
  };
