import { SignJWT, jwtVerify } from "jose";
import { SUBJECT_KINDS, type Caller, type Subject } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { isPermission } from "@tessera/contracts/permissions";
import { dataPolicyShape, policyFingerprint } from "../store/data-policy.ts";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { refuse } from "../errors/refusal.ts";
import type { NowMs } from "../time/clock.ts";

/** Seconds a signed identity is valid: long enough for one call with its retries, too short to be worth stealing. */
export const IDENTITY_LIFETIME_SECONDS = 60;
/** A signed identity is used again for the same caller and audience while it has at least this long to live. */
const REUSE_MARGIN_SECONDS = 20;
/** Identities kept for reuse per process. */
const MAX_CACHED_IDENTITIES = 10_000;
const ISSUER = "tessera";
/** HTTP header in which one process tells another who is calling. */
export const IDENTITY_HEADER = "x-tessera-identity";

/**
 * Signs callers for one audience (a subgraph, ingest, the gateway), so that a process accepts calls from the platform alone. `clientAddress` is where the
 * caller's request came from, for audiences that ask.
 */
export type IdentitySigner = (caller: Caller, audience: string, clientAddress?: string) => Promise<string>;
/** Verifies a signed identity made for this process; refuses with UNAUTHENTICATED otherwise. */
export type IdentityVerifier = (token: string | undefined) => Promise<Caller>;

/** What a signed identity says: who is calling and, when it was signed with it, where the request came from. */
export interface VerifiedIdentity {
  readonly caller: Caller;
  readonly clientAddress: string | null;
}

const claims = z.object({
  tenant: z.string(),
  subjectKind: z.enum(SUBJECT_KINDS),
  sub: z.string(),
  permissions: z.array(z.string()),
  expiresAtMs: z.number().nullable(),
  // All of them always: an identity that says nothing of a policy must not pass for one without a policy.
  roles: z.array(z.string()),
  dataPolicy: dataPolicyShape.nullable(),
  networks: z.array(z.string()).nullable(),
  grantId: z.string().nullable(),
  clientAddress: z.string().nullish(),
});

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** Builds a signer over the installation's shared secret (HS256, at least 32 characters). */
export const createIdentitySigner = (deps: { secret: string; nowMs: NowMs }): IdentitySigner => {
  const key = keyOf(deps.secret);
  const cache = new LRUCache<string, { token: string; reusableUntilMs: number }>({ max: MAX_CACHED_IDENTITIES });
  return async (caller, audience, clientAddress) => {
    const permissions = [...caller.permissions].toSorted();
    const { roles, dataPolicy, networks, grantId } = caller;
    const rights = [permissions, caller.expiresAtMs, roles, policyFingerprint(dataPolicy), networks, grantId];
    const cacheKey = JSON.stringify([audience, caller.tenantId, caller.subject, clientAddress, ...rights]);
    const cached = cache.get(cacheKey);
    const nowMs = deps.nowMs();
    if (cached !== undefined && cached.reusableUntilMs > nowMs) return cached.token;
    const issuedAt = Math.floor(nowMs / 1_000);
    const token = await new SignJWT({
      tenant: caller.tenantId,
      subjectKind: caller.subject.kind,
      permissions,
      expiresAtMs: caller.expiresAtMs,
      roles,
      dataPolicy,
      networks,
      grantId,
      ...(clientAddress === undefined ? {} : { clientAddress }),
    })
      .setProtectedHeader({ alg: "HS256", typ: "tessera-identity+jwt" })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(caller.subject.id)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + IDENTITY_LIFETIME_SECONDS)
      .sign(key);
    cache.set(cacheKey, { token, reusableUntilMs: nowMs + (IDENTITY_LIFETIME_SECONDS - REUSE_MARGIN_SECONDS) * 1_000 });
    return token;
  };
};

const toIdentity = (payload: unknown): VerifiedIdentity => {
  const { tenant, subjectKind, sub, permissions, clientAddress, ...rest } = claims.parse(payload);
  const tenantId = parseTenantId(tenant);
  if (tenantId === null) throw new Error("The identity names no tenant.");
  const subject: Subject = { kind: subjectKind, id: sub };
  const caller = { tenantId, subject, permissions: new Set(permissions.filter(isPermission)), ...rest };
  return { caller, clientAddress: clientAddress ?? null };
};

/** Whom a verifier trusts, and for whom a token must have been made. */
export interface IdentityVerifierDeps {
  /** The installation's shared secret. */
  readonly secret: string;
  readonly audience: string;
  readonly nowMs: NowMs;
}

/** Builds a reader of signed identities for one audience; verified tokens are remembered until they expire. Refuses with UNAUTHENTICATED. */
export const createIdentityReader = (
  deps: IdentityVerifierDeps,
): ((token: string | undefined) => Promise<VerifiedIdentity>) => {
  const key = keyOf(deps.secret);
  const verified = new LRUCache<string, { identity: VerifiedIdentity; validUntilMs: number }>({
    max: MAX_CACHED_IDENTITIES,
  });
  return async (token) => {
    if (token === undefined || token === "")
      throw refuse("UNAUTHENTICATED", "This address is internal; call the gateway.");
    const nowMs = deps.nowMs();
    const known = verified.get(token);
    if (known !== undefined && known.validUntilMs > nowMs) return known.identity;
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer: ISSUER,
        audience: deps.audience,
        algorithms: ["HS256"],
        typ: "tessera-identity+jwt",
        currentDate: new Date(nowMs),
        requiredClaims: ["exp", "iat", "sub"],
      });
      const identity = toIdentity(payload);
      verified.set(token, { identity, validUntilMs: (payload.exp ?? 0) * 1_000 });
      return identity;
    } catch (error) {
      throw refuse("UNAUTHENTICATED", "The signed identity is not valid.", {}, error);
    }
  };
};

/** Builds a verifier for one audience, over {@link createIdentityReader}. */
export const createIdentityVerifier = (deps: IdentityVerifierDeps): IdentityVerifier => {
  const read = createIdentityReader(deps);
  return async (token) => (await read(token)).caller;
};
