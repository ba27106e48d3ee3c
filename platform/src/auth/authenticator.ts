import type { Caller } from "@tessera/contracts/caller";
import { refuse, type Refusal } from "../errors/refusal.ts";
import { createClientAddress, type ClientAddress } from "../http/client-address.ts";
import type { NowMs } from "../time/clock.ts";
import {
  claimedIssuerOf,
  looksLikeJwt,
  tokenHashOf,
  type AccessTokenClaims,
  type VerifyAccessToken,
} from "./access-token.ts";
import { isWithin } from "./networks.ts";
import { parseApiKey, type PresentedApiKey } from "./api-key.ts";
import { AGAIN_MAX_AGE_MS, type Presented } from "./presentation.ts";
import type { VerifyProof } from "./proof-of-possession.ts";
import { createVerdicts, type Verdicts } from "./verdicts.ts";

/** Asks who stands behind a well-formed key; null when the key is not valid. */
export type VerifyApiKey = (key: PresentedApiKey) => Promise<Caller | null>;

/** How access tokens are known; a process without it knows API keys alone. */
export interface TokenPorts {
  /** Issuer of the installation's own tokens. */
  readonly issuer: string;
  readonly verify: VerifyAccessToken;
  readonly verifyProof: VerifyProof;
  /** What a verified token still amounts to; null when it, its grant, client, person or tenant was ended. */
  readonly standing: (claims: AccessTokenClaims) => Promise<Caller | null>;
  /** Who stands behind a token of another issuer that a tenant trusts; null when nobody does. */
  readonly external: (token: string) => Promise<Caller | null>;
}

/**
 * Turns an Authorization header into a verified caller; refuses with UNAUTHENTICATED (HTTP 401). Without `presented` a token that is bound to
 * a key is refused, since nothing proves possession.
 */
export type Authenticator = (authorizationHeader: string | undefined, presented?: Presented) => Promise<Caller>;

const AUTHORIZATION = /^(Bearer|DPoP) +(\S{1,8192}) *$/i;

interface Credential {
  readonly scheme: "bearer" | "dpop";
  readonly text: string;
}

/** The credential of a Bearer (RFC 6750) or DPoP (RFC 9449) header; refuses anything else with UNAUTHENTICATED. */
const credentialIn = (header: string | undefined): Credential => {
  if (header === undefined || header.trim() === "")
    throw refuse(
      "UNAUTHENTICATED",
      "The request carries no credential. Send `Authorization: Bearer <API key or token>`.",
    );
  const [, scheme, text] = AUTHORIZATION.exec(header) ?? [];
  if (scheme === undefined || text === undefined)
    throw refuse("UNAUTHENTICATED", "The Authorization header is not of the form `Bearer <API key or token>`.");
  return { scheme: scheme.toLowerCase() === "dpop" ? "dpop" : "bearer", text };
};

const invalid = (what: string): Refusal =>
  refuse("UNAUTHENTICATED", `The ${what} is not valid: unknown, expired or revoked.`);

/** An open connection was let in from where it came from, and ends when the list changes; what says nothing of its address is refused. */
const requireNetwork = (caller: Caller, presented: Presented | undefined, clientAddress: ClientAddress): Caller => {
  if (caller.networks === null || presented === "AGAIN") return caller;
  const address =
    presented === undefined || presented.peerAddress === null
      ? null
      : clientAddress({
          headers: { "x-forwarded-for": presented.forwardedFor },
          socket: { remoteAddress: presented.peerAddress },
        });
  if (isWithin(caller.networks, address)) return caller;
  throw refuse("FORBIDDEN", "This credential may not be used from where the request came from.");
};

const stillValid = (caller: Caller | null, nowMs: number, what: string): Caller => {
  if (caller === null || (caller.expiresAtMs !== null && caller.expiresAtMs <= nowMs)) throw invalid(what);
  return caller;
};

/** A bound token needs its proof; one that is not bound must not pretend to be (RFC 9449, section 7.1). */
const requireProof = async (
  tokens: TokenPorts,
  { scheme, text }: Credential,
  { boundTo }: AccessTokenClaims,
  presented: Presented | undefined,
): Promise<void> => {
  if (boundTo === null) {
    if (scheme === "dpop")
      throw refuse("UNAUTHENTICATED", "The access token is not bound to a key; send it as Bearer.");
    return;
  }
  if (scheme !== "dpop")
    throw refuse("UNAUTHENTICATED", "The access token is bound to a key; send it as DPoP with a proof.");
  if (presented === "AGAIN") return;
  const proven = presented ?? { proof: undefined, method: "", path: "" };
  await tokens.verifyProof({ token: text, boundTo, ...proven });
};

const createTokenAuthenticator =
  (tokens: TokenPorts, verdicts: Verdicts, nowMs: NowMs) =>
  async (credential: Credential, presented: Presented | undefined): Promise<Caller> => {
    const { text, scheme } = credential;
    const maxAgeMs = presented === "AGAIN" ? AGAIN_MAX_AGE_MS : undefined;
    const hash = tokenHashOf(text);
    const issuer = claimedIssuerOf(text);
    if (issuer !== tokens.issuer) {
      if (issuer === null || scheme === "dpop") throw invalid("access token");
      const caller = await verdicts(hash, () => tokens.external(text), maxAgeMs);
      return stillValid(caller, nowMs(), "access token");
    }
    const claims = await tokens.verify(text);
    await requireProof(tokens, credential, claims, presented);
    const caller = await verdicts(hash, () => tokens.standing(claims), maxAgeMs);
    return stillValid(caller, nowMs(), "access token");
  };

/**
 * Builds the authenticator of an edge process. Malformed credentials are refused without a lookup; verdicts are kept by the credential's
 * SHA-256; a failed lookup is never kept.
 */
export const createAuthenticator = (deps: {
  verifyApiKey: VerifyApiKey;
  tokens?: TokenPorts | undefined;
  nowMs: NowMs;
  /** Sees through trusted proxies; without it the address of the connection counts. */
  clientAddress?: ClientAddress | undefined;
}): Authenticator => {
  const { clientAddress = createClientAddress([]) } = deps;
  const verdicts = createVerdicts(deps.nowMs);
  const { tokens, nowMs } = deps;
  const authenticateToken = tokens === undefined ? null : createTokenAuthenticator(tokens, verdicts, nowMs);
  return async (authorizationHeader, presented) => {
    const credential = credentialIn(authorizationHeader);
    if (authenticateToken !== null && looksLikeJwt(credential.text))
      return requireNetwork(await authenticateToken(credential, presented), presented, clientAddress);
    const key = credential.scheme === "bearer" ? parseApiKey(credential.text) : null;
    if (key === null)
      throw refuse(
        "UNAUTHENTICATED",
        "The credential is neither an API key nor an access token; check for a cut or a typo.",
      );
    const maxAgeMs = presented === "AGAIN" ? AGAIN_MAX_AGE_MS : undefined;
    const caller = await verdicts(key.credentialHash, () => deps.verifyApiKey(key), maxAgeMs);
    // After what is kept: the same key may come from anywhere in the meantime.
    return requireNetwork(stillValid(caller, nowMs(), "API key"), presented, clientAddress);
  };
};
