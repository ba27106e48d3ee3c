import type { Caller, Subject } from "@tessera/contracts/caller";
import { parseTenantId, parseUserId, type TenantId } from "@tessera/contracts/ids";
import { isPermission, type Permission } from "@tessera/contracts/permissions";
import { claimedIssuerOf } from "@tessera/platform/auth/access-token";
import type { VerifyExternalToken } from "@tessera/platform/auth/external-token";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { decodeJwt } from "jose";
import { effectiveAccess, type EffectiveAccess } from "../domain/access.ts";
import { audienceOf, rolesOfClaim, tenantOfAudience } from "../domain/trusted-issuer.ts";
import type { AccessStore } from "../store/access-store.ts";
import type { StandingStore } from "../store/standing-store.ts";
import type { TokenStore } from "../store/token-store.ts";
import type { TrustedIssuerStore } from "../store/trusted-issuer-store.ts";
import { maskSaltOf } from "./mask-salt.ts";

/** Characters of the subject another issuer may name; a longer one is nobody. */
const MAX_SUBJECT_LENGTH = 200;

/** What an edge has verified of an access token. */
export interface TokenClaims {
  readonly tokenId: string;
  readonly clientId: string;
  readonly userId?: string | null | undefined;
  readonly grantHash?: string | null | undefined;
  readonly scopes: readonly string[];
}

interface AccessDeps {
  readonly access: AccessStore;
  readonly keyedHash: KeyedHash;
}

/** What a subject with these permissions and roles may at this moment, policies included. */
const accessNow = async (
  deps: AccessDeps,
  tenantId: TenantId,
  subject: Subject,
  held: { readonly permissions: readonly Permission[]; readonly roles: readonly string[] },
): Promise<EffectiveAccess> => {
  const kept = await deps.access.accessOf(tenantId, subject, held.roles);
  return effectiveAccess({ ...held, ...kept }, maskSaltOf(deps.keyedHash, tenantId));
};

/** The permissions that every list has. */
const common = (first: readonly Permission[], ...others: readonly ReadonlySet<Permission>[]): ReadonlySet<Permission> =>
  new Set(first.filter((permission) => others.every((other) => other.has(permission))));

/**
 * Builds the answer to what a verified access token still amounts to: its scopes, as far as its client still has them and, for a person, as far
 * as the person's roles still go. Null when client, person, tenant, grant or the token itself was ended.
 */
export const createAuthenticateToken =
  (deps: AccessDeps & { tokens: TokenStore }) =>
  async (claims: TokenClaims): Promise<Caller | null> => {
    const userId = typeof claims.userId === "string" ? parseUserId(claims.userId) : null;
    if (typeof claims.userId === "string" && userId === null) return null;
    const { tokenId, clientId, grantHash = null } = claims;
    const standing = await deps.tokens.standingAcrossTenants({ tokenId, clientId, userId, grantHash });
    if (standing === null) return null;
    const { tenantId, clientPermissions, userRoles } = standing;
    const subject: Subject = userId === null ? { kind: "CLIENT", id: clientId } : { kind: "USER", id: userId };
    const scopes = claims.scopes.filter(isPermission);
    const ofClient = new Set(clientPermissions);
    const held = { permissions: userId === null ? clientPermissions : [], roles: userRoles ?? [] };
    const access = await accessNow(deps, tenantId, subject, held);
    const permissions = common(scopes, ofClient, access.permissions);
    return { tenantId, subject, ...access, permissions, expiresAtMs: null, networks: null, grantId: null };
  };

/**
 * Builds the answer to what a subject may at this moment that nobody is calling for, such as who owns what runs by itself. Null when it was ended, acts
 * under a grant from outside, or its tenant does not work; a person of another issuer is known by a token alone, and so is nobody here.
 */
export const createAccessOfSubject =
  (deps: AccessDeps & { standing: StandingStore; nowMs: NowMs }) =>
  async (tenant: string, subject: Subject): Promise<Caller | null> => {
    const tenantId = parseTenantId(tenant);
    const held = tenantId === null ? null : await deps.standing.find(tenantId, subject, deps.nowMs());
    if (tenantId === null || held === null) return null;
    const access = await accessNow(deps, tenantId, subject, held);
    return { tenantId, subject, ...access, expiresAtMs: null, networks: null, grantId: null };
  };

/** The tenant a token of another issuer is made for, by its one audience of ours; null when it has none or several. */
const tenantIn = (token: string): TenantId | null => {
  const { aud } = decodeJwt(token);
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((value) => value !== undefined);
  const [tenant, ...more] = audiences.map(tenantOfAudience).filter((found) => found !== null);
  return tenant === undefined || more.length > 0 ? null : parseTenantId(tenant);
};

/**
 * Builds the answer to who stands behind a token of another issuer: a person of the one tenant it was made for, if that tenant trusts the
 * issuer, with the roles its claims map to. Null in every other case.
 */
export const createAuthenticateExternalToken =
  (deps: AccessDeps & { issuers: TrustedIssuerStore; verify: VerifyExternalToken; logger: Logger }) =>
  async (token: string): Promise<Caller | null> => {
    const claimedIssuer = claimedIssuerOf(token);
    const tenantId = claimedIssuer === null ? null : tenantIn(token);
    if (tenantId === null || claimedIssuer === null) return null;
    const issuer = await deps.issuers.findWorking(tenantId, claimedIssuer);
    if (issuer === null) return null;
    const claims = await deps.verify(token, issuer.issuer, audienceOf(tenantId)).catch((error: unknown) => {
      deps.logger.info({ tenantId, error: errorMessage(error) }, "A token of a trusted issuer was refused.");
      return null;
    });
    const { sub, exp } = claims ?? {};
    if (claims === null || sub === undefined || exp === undefined || sub.length > MAX_SUBJECT_LENGTH) return null;
    const roles = rolesOfClaim(claims[issuer.roleClaim], issuer.roles);
    // Named with the issuer's own id in front, so that nobody abroad can bear the name of a person here.
    const subject: Subject = { kind: "USER", id: `${issuer.id}:${sub}` };
    const access = await accessNow(deps, tenantId, subject, { permissions: [], roles });
    return { tenantId, subject, ...access, expiresAtMs: exp * 1_000, networks: null, grantId: null };
  };
