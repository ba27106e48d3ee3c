import { createAccessTokenVerifier } from "@tessera/platform/auth/access-token";
import type { TokenPorts } from "@tessera/platform/auth/authenticator";
import { createKeySet } from "@tessera/platform/auth/key-set";
import type { ProofNonces } from "@tessera/platform/auth/proof-nonces";
import { createProofVerifier } from "@tessera/platform/auth/proof-of-possession";
import type { UseMark } from "@tessera/platform/limits/one-time-marks";
import { systemNowMs } from "@tessera/platform/time/clock";
import { CALLER_FIELDS, type AskTenant } from "./ask-tenant.ts";

const STANDING = `query Authenticate($claims: TokenClaimsInput!) {
  caller: authenticateToken(claims: $claims) { ${CALLER_FIELDS} }
}`;
const EXTERNAL = `query Authenticate($token: String!) {
  caller: authenticateExternalToken(token: $token) { ${CALLER_FIELDS} }
}`;

/** Milliseconds the authorization server has to tell its public keys. */
const KEYS_TIMEOUT_MS = 2_000;

/** Where access tokens come from. */
export interface TokenSource {
  /** Address clients use, without a path: issuer and audience of tokens. */
  readonly publicUrl: string;
  /** Loads the authorization server's public keys (RFC 7517). */
  readonly loadKeys: () => Promise<unknown>;
}

/** Loads public keys from an authorization server in another process. */
export const remoteKeys = (identityUrl: string) => async (): Promise<unknown> => {
  const url = new URL("/oauth/jwks", identityUrl);
  const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(KEYS_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`The authorization server answered ${answer.status} for its keys.`);
  return answer.json();
};

/** How an edge process knows access tokens: verified here, and asked about in the tenant room. */
export const createTokenPorts = (
  { publicUrl, loadKeys }: TokenSource,
  ask: AskTenant,
  proofs: { readonly useMark?: UseMark | undefined; readonly nonces?: ProofNonces | null | undefined } = {},
): TokenPorts => {
  const nowMs = systemNowMs;
  const findKey = createKeySet({ load: loadKeys, nowMs });
  return {
    issuer: publicUrl,
    verify: createAccessTokenVerifier({ issuer: publicUrl, audience: publicUrl, findKey, nowMs }),
    verifyProof: createProofVerifier({ publicUrl, nowMs, ...proofs }),
    standing: async ({ tokenId, clientId, userId, grantHash, scopes, expiresAtMs, tenantId }) => {
      const caller = await ask(STANDING, { claims: { tokenId, clientId, userId, grantHash, scopes } });
      // A token says which tenant it is of; what stands behind it must say the same.
      return caller === null || caller.tenantId !== tenantId ? null : { ...caller, expiresAtMs };
    },
    external: (token) => ask(EXTERNAL, { token }),
  };
};
