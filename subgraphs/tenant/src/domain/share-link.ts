import type { Caller } from "@tessera/contracts/caller";
import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { effectiveAccess, type KeptAccess } from "./access.ts";
import type { PolicyRules } from "./data-policy.ts";
import type { TenantState } from "./tenant.ts";

/** A share link to add; times are milliseconds since the epoch. */
export interface ShareLinkToAdd {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly keyHash: Uint8Array;
  readonly sharer: { readonly kind: "USER" | "API_KEY" | "CLIENT"; readonly id: string };
  readonly needs: readonly Permission[];
  readonly rules: PolicyRules;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** What is kept of a presented link, with what who shared it may now. */
export interface KeptShareLink extends KeptAccess {
  readonly tenantId: TenantId;
  readonly tenantState: TenantState;
  readonly keyHash: Uint8Array;
  readonly needs: readonly Permission[];
  readonly rules: PolicyRules;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
}

/** Days a share link may last: a quarter, after which somebody asks themselves whether it is still wanted. */
export const MAX_SHARE_LINK_DAYS = 90;
/** Share links of a tenant that work at a time. */
export const MAX_SHARE_LINKS = 1_000;
/** Milliseconds that a link is kept after it ended. */
export const SHARE_LINK_KEPT_MS = 2_592_000_000;
/** All that a share link permits. */
export const SHARED: Permission = "dashboards:shared";

/**
 * The caller a proven link stands for; null when it ended, its tenant doesn't work, or who shared it may no longer do what it needs. It may nothing but read
 * what is shared, under what applies to who shared it and to the link together.
 */
export const callerOfLink = (id: ApiKeyId, kept: KeptShareLink, salt: string, nowMs: number): Caller | null => {
  if (kept.revokedAtMs !== null || kept.expiresAtMs <= nowMs || kept.tenantState !== "ACTIVE") return null;
  const access = effectiveAccess({ ...kept, policies: [...kept.policies, kept.rules] }, salt);
  if (kept.needs.some((permission) => !access.permissions.has(permission))) return null;
  return {
    ...{ tenantId: kept.tenantId, subject: { kind: "LINK", id }, roles: access.roles, dataPolicy: access.dataPolicy },
    ...{ permissions: new Set([SHARED]), expiresAtMs: kept.expiresAtMs, networks: null, grantId: null },
  };
};
