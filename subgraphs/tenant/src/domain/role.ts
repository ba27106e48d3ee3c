import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";

/** Named bundles of permissions for people, widest first. */
export const USER_ROLES = ["OWNER", "ADMIN", "ANALYST", "VIEWER"] as const;

/** One of {@link USER_ROLES}. */
export type UserRole = (typeof USER_ROLES)[number];

/** What each role may do. An owner gets every permission there is, the other roles only what is named here. */
export const ROLE_PERMISSIONS: Readonly<Record<UserRole, readonly Permission[]>> = {
  OWNER: TENANT_PERMISSIONS,
  ADMIN: TENANT_PERMISSIONS.filter((permission) => permission !== "analytics:personal-data"),
  ANALYST: [
    ...(["analytics:read", "jobs:read", "jobs:run", "anomaly:read", "ml:read"] as const),
    ...(["governance:read", "tenant:read", "schema:introspect"] as const),
  ],
  VIEWER: ["analytics:read", "jobs:read", "anomaly:read", "ml:read", "governance:read"],
};

/** All permissions that roles amount to, sorted, each once. */
export const permissionsOfRoles = (roles: readonly UserRole[]): readonly Permission[] =>
  [...new Set(roles.flatMap((role) => ROLE_PERMISSIONS[role]))].toSorted();
