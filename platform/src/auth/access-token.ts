import { createHash } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { parseTenantId, parseUserId, type TenantId, type UserId } from "@tessera/contracts/ids";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { Refusal, refuse } from "../errors/refusal.ts";
import type { NowMs } from "../time/clock.ts";
import type { FindKey } from "./key-set.ts";

/** Verified tokens remembered per process, about 1 KB each. */
const MAX_VERIFIED_TOKENS = 10_000;
/** Seconds another machine's clock may be ahead or behind. */
export const CLOCK_SKEW_SECONDS = 5;
/** Header parameters that would let a token bring its own key, or ask for what is not understood (RFC 7515, section 4.1). */
const REFUSED_HEADERS = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "enc", "zip"] as const;

/** What a verified access token says (RFC 9068). */
export interface AccessTokenClaims {
  readonly tokenId: string;
  readonly tenantId: TenantId;
  readonly clientId: string;
  /** The person the client acts for; null when it acts for itself. */
  readonly userId: UserId | null;
  readonly scopes: readonly string[];
  /** SHA-256 of the grant the token came from, base64url; null for client credentials. */
  readonly grantHash: string | null;
  readonly expiresAtMs: number;
  /** SHA-256 thumbprint of the key the token is bound to (RFC 9449); null for a bearer token. */
  readonly boundTo: string | null;
}

/** Verifies an access token; refuses with UNAUTHENTICATED. */
export type VerifyAccessToken = (token: string) => Promise<AccessTokenClaims>;

const claims = z.object({
  jti: z.string().min(1).max(128),
  sub: z.string().min(1).max(128),
  exp: z.number().int().positive(),
  iat: z.number().int().positive(),
  client_id: z.string().min(1).max(128),
  tenant: z.string(),
  scope: z.string().max(4_096).optional(),
  grant: z.string().max(64).optional(),
  cnf: z.object({ jkt: z.string().length(43) }).optional(),
});

const invalid = (cause?: unknown): Refusal =>
  refuse(
    "UNAUTHENTICATED",
    "The access token is not valid: malformed, expired, revoked or not made for this API.",
    {},
    cause,
  );

/** What a token is remembered by: SHA-256 of its text, hexadecimal; the token itself is kept nowhere. */
export const tokenHashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/** True when the text has the form of a signed JWT (RFC 7519): three base64url parts. */
export const looksLikeJwt = (text: string): boolean =>
  /^[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*$/.test(text);

/** The issuer a token names, not yet verified; null when it can't be read. */
export const claimedIssuerOf = (token: string): string | null => {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
};

/** The kid of a token whose header asks for nothing but a known key and type; refuses everything else with UNAUTHENTICATED. */
export const kidOf = (
  token: string,
  types: readonly string[],
): { readonly kid: string; readonly algorithm: string } => {
  let header: Readonly<Record<string, unknown>>;
  try {
    header = { ...decodeProtectedHeader(token) };
  } catch (error) {
    throw invalid(error);
  }
  const type = typeof header["typ"] === "string" ? header["typ"].toLowerCase().replace(/^application\//, "") : "";
  const { kid, alg } = header;
  const asksForMore = REFUSED_HEADERS.some((name) => name in header);
  if (asksForMore || !types.includes(type) || typeof kid !== "string" || typeof alg !== "string") throw invalid();
  return { kid, algorithm: alg };
};

const toClaims = (payload: unknown): AccessTokenClaims => {
  const read = claims.parse(payload);
  const tenantId = parseTenantId(read.tenant);
  const userId = read.sub === read.client_id ? null : parseUserId(read.sub);
  if (tenantId === null || (userId === null && read.sub !== read.client_id)) throw invalid();
  return {
    tokenId: read.jti,
    tenantId,
    clientId: read.client_id,
    userId,
    scopes: (read.scope ?? "").split(" ").filter((scope) => scope !== ""),
    grantHash: read.grant ?? null,
    expiresAtMs: read.exp * 1_000,
    boundTo: read.cnf?.jkt ?? null,
  };
};

/**
 * Builds the verifier of one issuer's access tokens for one audience: type `at+jwt`, the algorithm of the issuer's own key and no other,
 * iss, aud, exp, nbf and iat by the clock. Verified tokens are remembered by hash until they expire.
 */
export const createAccessTokenVerifier = (deps: {
  issuer: string;
  audience: string;
  findKey: FindKey;
  nowMs: NowMs;
}): VerifyAccessToken => {
  const verified = new LRUCache<string, AccessTokenClaims>({ max: MAX_VERIFIED_TOKENS });
  const verify = async (token: string): Promise<AccessTokenClaims> => {
    const { kid, algorithm } = kidOf(token, ["at+jwt"]);
    const found = await deps.findKey(kid).catch((error: unknown) => {
      const detail = "The keys that sign access tokens can't be read at the moment.";
      throw refuse("DEPENDENCY_UNAVAILABLE", detail, { retryAfterSeconds: 1 }, error);
    });
    if (found === null || found.algorithm !== algorithm) throw invalid();
    const { payload } = await jwtVerify(token, found.key, {
      algorithms: [found.algorithm],
      issuer: deps.issuer,
      audience: deps.audience,
      currentDate: new Date(deps.nowMs()),
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ["exp", "iat", "sub", "jti", "aud", "iss"],
    });
    // jose looks at iat only together with a maximal age: a token from the future is refused here.
    if ((payload.iat ?? 0) * 1_000 > deps.nowMs() + CLOCK_SKEW_SECONDS * 1_000) throw invalid();
    return toClaims(payload);
  };
  return async (token) => {
    const hash = tokenHashOf(token);
    const known = verified.get(hash);
    if (known !== undefined && known.expiresAtMs > deps.nowMs()) return known;
    try {
      const read = await verify(token);
      if (read.expiresAtMs <= deps.nowMs()) throw invalid();
      verified.set(hash, read);
      return read;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw invalid(error);
    }
  };
};
