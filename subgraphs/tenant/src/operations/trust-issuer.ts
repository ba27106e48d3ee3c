import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { NowMs } from "@tessera/platform/time/clock";
import { requireWholeAccess } from "../domain/hand-on.ts";
import { permissionsNotHeld } from "../domain/grant.ts";
import { permissionsOfRoles, type UserRole } from "../domain/role.ts";
import {
  issuerOf,
  MAX_TRUSTED_ISSUERS,
  roleClaimOf,
  roleMappingsOf,
  type TrustedIssuer,
} from "../domain/trusted-issuer.ts";
import type { TrustedIssuerStore } from "../store/trusted-issuer-store.ts";

/** Which issuer to trust, as the caller wrote it. */
export interface TrustIssuerRequest {
  readonly issuer: string;
  readonly roleClaim: string;
  readonly roles: readonly { readonly value: string; readonly role: UserRole }[];
}

/** What came of it. */
export type TrustIssuerOutcome =
  | { readonly kind: "TRUSTED"; readonly issuer: TrustedIssuer }
  | { readonly kind: "TRUSTED_BEFORE"; readonly issuer: TrustedIssuer }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "FULL"; readonly limit: number };

/** Builds `trustIssuer`: who may hand out roles by claims may hand out no more than it holds itself. */
export const createTrustIssuer =
  (deps: { issuers: TrustedIssuerStore; newId: () => string; nowMs: NowMs }) =>
  async (caller: Caller, request: TrustIssuerRequest): Promise<TrustIssuerOutcome> => {
    requireWholeAccess(caller);
    const issuer: TrustedIssuer = {
      id: deps.newId(),
      tenantId: caller.tenantId,
      issuer: issuerOf(request.issuer, "input.issuer"),
      roleClaim: roleClaimOf(request.roleClaim, "input.roleClaim"),
      roles: roleMappingsOf(request.roles, "input.roles"),
      createdAtMs: deps.nowMs(),
      createdBy: caller.subject,
    };
    const wanted = permissionsOfRoles(issuer.roles.map(({ role }) => role));
    const lacking = permissionsNotHeld(caller.permissions, wanted);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const addition = await deps.issuers.add(issuer, MAX_TRUSTED_ISSUERS);
    if (addition === "FULL") return { kind: "FULL", limit: MAX_TRUSTED_ISSUERS };
    if (addition === "ADDED") return { kind: "TRUSTED", issuer };
    const present = await deps.issuers.find(caller.tenantId, issuer.issuer);
    return { kind: "TRUSTED_BEFORE", issuer: present ?? issuer };
  };

/** What came of ending trust. */
export type DistrustIssuerOutcome =
  { readonly kind: "DISTRUSTED"; readonly issuer: TrustedIssuer } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Builds `distrustIssuer`; its tokens are refused within five seconds. */
export const createDistrustIssuer =
  (deps: { issuers: TrustedIssuerStore }) =>
  async (caller: Caller, id: string): Promise<DistrustIssuerOutcome> => {
    const issuer = isUuid(id) ? await deps.issuers.remove(caller.tenantId, id.toLowerCase()) : null;
    return issuer === null ? { kind: "NOT_FOUND", id } : { kind: "DISTRUSTED", issuer };
  };
