import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { USER_ROLES, type UserRole } from "./role.ts";

/** Issuers one tenant may trust: its own directory, a partner's, one for tests. */
export const MAX_TRUSTED_ISSUERS = 10;
/** Claim values that may be mapped. */
const MAX_MAPPED_VALUES = 100;
const MAX_TEXT = 200;
const MAX_ISSUER = 500;

/** An identity provider whose tokens a tenant takes as its people's. */
export interface TrustedIssuer {
  readonly id: string;
  readonly tenantId: TenantId;
  /** As its tokens name it: an https address without query. */
  readonly issuer: string;
  /** Claim whose values are mapped to roles, for example `groups`. */
  readonly roleClaim: string;
  readonly roles: readonly RoleMapping[];
  readonly createdAtMs: number;
  readonly createdBy: Subject;
}

/** One claim value and the role it stands for. */
export interface RoleMapping {
  readonly value: string;
  readonly role: UserRole;
}

const AUDIENCE_PREFIX = "urn:tessera:tenant:";

/** The audience an issuer's tokens must carry to be taken for a tenant: nobody else's tokens fit, whoever the issuer made them for. */
export const audienceOf = (tenantId: TenantId): string => `${AUDIENCE_PREFIX}${tenantId}`;

/** The tenant an audience names; null when it is none of ours. */
export const tenantOfAudience = (audience: string): string | null =>
  audience.startsWith(AUDIENCE_PREFIX) ? audience.slice(AUDIENCE_PREFIX.length) : null;

const isRole = (text: string): text is UserRole => USER_ROLES.some((role) => role === text);

/** Reads an issuer's address; refuses with BAD_INPUT. Plain http is for tests on this machine alone. */
export const issuerOf = (text: string, field: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = url?.protocol === "http:" && url.hostname === "127.0.0.1";
  const isFine = url !== null && (url.protocol === "https:" || isLoopback) && url.search === "" && url.hash === "";
  if (!isFine || text.length > MAX_ISSUER || url.username !== "")
    throw refuse("BAD_INPUT", "An issuer is an https address without query and fragment.", { field });
  return text;
};

/** Reads the name of the claim; refuses with BAD_INPUT. */
export const roleClaimOf = (text: string, field: string): string => {
  if (text.trim() === "" || text.length > MAX_TEXT)
    throw refuse("BAD_INPUT", `A claim's name has 1 to ${MAX_TEXT} characters.`, { field });
  return text;
};

/** Reads mappings, each value once; refuses with BAD_INPUT. */
export const roleMappingsOf = (
  mappings: readonly { readonly value: string; readonly role: UserRole }[],
  field: string,
): readonly RoleMapping[] => {
  const values = new Set(mappings.map(({ value }) => value));
  const isFine = mappings.every(({ value }) => value !== "" && value.length <= MAX_TEXT);
  if (mappings.length === 0 || mappings.length > MAX_MAPPED_VALUES || values.size !== mappings.length || !isFine)
    throw refuse("BAD_INPUT", `1 to ${MAX_MAPPED_VALUES} different claim values are mapped, each to one role.`, {
      field,
    });
  return mappings.map(({ value, role }) => ({ value, role }));
};

/** The roles a token's claim amounts to; a claim that is no text or list of texts, and values nobody mapped, amount to none. */
export const rolesOfClaim = (claim: unknown, mappings: readonly RoleMapping[]): readonly UserRole[] => {
  const values = (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === "string");
  const roles = mappings.filter(({ value }) => values.includes(value)).map(({ role }) => role);
  return [...new Set(roles)].filter(isRole);
};
