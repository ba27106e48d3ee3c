import { isCredentialHash } from "@tessera/platform/auth/api-key";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Caller } from "@tessera/contracts/caller";
import { parseApiKeyId, type ApiKeyId } from "@tessera/contracts/ids";
import { callerOf, isUseWorthNoting, type KeptCredential } from "../domain/credential.ts";
import { maskSaltOf } from "./mask-salt.ts";
import type { CredentialStore } from "../store/credential-store.ts";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";

/** Answers who stands behind a presented key; null when it does not let anyone in, whatever the reason. */
export type Authenticate = (presented: {
  readonly keyId: string;
  readonly credentialHash: string;
}) => Promise<Caller | null>;

interface AuthenticateDeps {
  readonly credentials: CredentialStore;
  readonly keyedHash: KeyedHash;
  /** Who stands behind a presented share link; links have ids of the same form. */
  readonly authenticateLink: Authenticate;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

/** Notes uses beside the request: nobody waits for the note, one runs per key, and a failed one is logged and made up for by the next. */
const createUseNotes = ({ credentials, logger }: AuthenticateDeps) => {
  const running = new Set<ApiKeyId>();
  return (keyId: ApiKeyId, kept: KeptCredential, nowMs: number): void => {
    if (!isUseWorthNoting(kept, nowMs) || running.has(keyId)) return;
    running.add(keyId);
    void credentials
      .noteUse(kept.tenantId, keyId, nowMs)
      .catch((error: unknown) => logger.warn({ error: errorMessage(error) }, "The use of an API key was not noted."))
      .finally(() => running.delete(keyId));
  };
};

/** Builds {@link Authenticate}. */
export const createAuthenticate = (deps: AuthenticateDeps): Authenticate => {
  const noteUse = createUseNotes(deps);
  return async (presented) => {
    const keyId = parseApiKeyId(presented.keyId);
    if (keyId === null || !isCredentialHash(presented.credentialHash)) return null;
    const kept = await deps.credentials.findAcrossTenants(keyId);
    const isPresent = deps.keyedHash.matches(presented.credentialHash, kept?.keyHash ?? null);
    const isPrevious = deps.keyedHash.matches(presented.credentialHash, kept?.previousKeyHash ?? null);
    if (kept === null) return deps.authenticateLink(presented);
    if (!(isPresent || isPrevious)) return null;
    const nowMs = deps.nowMs();
    const proven = { by: isPresent ? "PRESENT" : "PREVIOUS", salt: maskSaltOf(deps.keyedHash, kept.tenantId) } as const;
    const caller = callerOf(keyId, kept, proven, nowMs);
    if (caller !== null) noteUse(keyId, kept, nowMs);
    return caller;
  };
};
