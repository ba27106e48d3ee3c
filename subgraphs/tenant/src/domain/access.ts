import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { Permission } from "@tessera/contracts/permissions";
import { combinePolicies, type PolicyRules } from "./data-policy.ts";
import { permissionsOfRoles } from "./role.ts";

/** What is kept about the rights of a subject: what it has itself, its roles, and what applies to it by them. */
export interface KeptAccess {
  /** Permissions given to the subject itself. */
  readonly permissions: readonly Permission[];
  /** Names of its roles, built-in and the tenant's own. */
  readonly roles: readonly string[];
  /** Permissions of those of its roles that are the tenant's own. */
  readonly rolePermissions: readonly Permission[];
  readonly policies: readonly PolicyRules[];
}

/** What a subject's rights amount to. */
export interface EffectiveAccess {
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<Permission>;
  readonly dataPolicy: DataPolicy | null;
}

/** What rights amount to: permissions add up, and every policy takes away. `salt` is the tenant's, for hashes of masked values. */
export const effectiveAccess = (kept: KeptAccess, salt: string): EffectiveAccess => ({
  roles: kept.roles,
  permissions: new Set([...kept.permissions, ...permissionsOfRoles(kept.roles), ...kept.rolePermissions]),
  dataPolicy: combinePolicies(kept.policies, salt),
});
