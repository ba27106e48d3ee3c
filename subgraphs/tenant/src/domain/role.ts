import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";

/** Built-in bundles of permissions. */
export const USER_ROLES = ["OWNER", "ADMIN", "ANALYST", "DEVELOPER", "VIEWER", "AUDITOR", "OPERATOR"] as const;

/** One of {@link USER_ROLES}. */
export type UserRole = (typeof USER_ROLES)[number];

/** A role of the tenant's own: a name and what it permits. Times are milliseconds since the epoch. */
export interface CustomRole {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Roles of its own a tenant may have: more than anybody can keep apart. */
export const MAX_CUSTOM_ROLES = 100;
/** Roles one person or key may have. */
export const MAX_ROLES_PER_SUBJECT = 20;

/** What an administrator lacks: personal data, and letting somebody from outside in. */
const OWNERS_ALONE: ReadonlySet<Permission> = new Set(["analytics:personal-data", "operators:grant"]);
const READS = ["analytics:read", "jobs:read", "anomaly:read", "ml:read", "governance:read"] as const;

/** What each built-in role may do. An owner gets every permission there is, the other roles only what is named here. */
export const ROLE_PERMISSIONS: Readonly<Record<UserRole, readonly Permission[]>> = {
  OWNER: TENANT_PERMISSIONS,
  ADMIN: TENANT_PERMISSIONS.filter((permission) => !OWNERS_ALONE.has(permission)),
  ANALYST: [
    ...READS,
    "anomaly:manage",
    "anomaly:respond",
    "analytics:define",
    "dashboards:edit",
    "dashboards:comment",
    "cohorts:manage",
    "jobs:run",
    "tenant:read",
    "schema:introspect",
  ],
  DEVELOPER: [
    ...READS,
    "anomaly:manage",
    "anomaly:respond",
    "changes:record",
    "webhooks:manage",
    "analytics:define",
    "dashboards:edit",
    "dashboards:comment",
    "cohorts:manage",
    "jobs:run",
    "analytics:ingest",
    "tenant:read",
    "schema:introspect",
  ],
  VIEWER: [...READS, "dashboards:comment"],
  AUDITOR: ["audit:read", "security:read", "governance:read", "tenant:read", "billing:read"],
  OPERATOR: [
    "jobs:read",
    "jobs:run",
    "anomaly:read",
    "anomaly:manage",
    "anomaly:respond",
    "changes:record",
    "notifications:manage",
    "governance:read",
    "tenant:read",
  ],
};

const builtIn: ReadonlySet<string> = new Set(USER_ROLES);

/** True when the text names a built-in role. */
export const isUserRole = (text: string): text is UserRole => builtIn.has(text);

/** All permissions that built-in roles among the names amount to, sorted, each once; other names amount to nothing here. */
export const permissionsOfRoles = (roles: readonly string[]): readonly Permission[] =>
  [...new Set(roles.filter(isUserRole).flatMap((role) => ROLE_PERMISSIONS[role]))].toSorted();

/** All permissions that roles amount to, given the tenant's own among others; sorted, each once. */
export const permissionsOfNames = (
  names: readonly string[],
  own: readonly { readonly name: string; readonly permissions: readonly Permission[] }[],
): readonly Permission[] =>
  [
    ...new Set([
      ...permissionsOfRoles(names),
      ...own.filter(({ name }) => names.includes(name)).flatMap(({ permissions }) => permissions),
    ]),
  ].toSorted();

const CUSTOM_NAME = /^[a-z][a-z0-9-]{0,59}$/;

/** Reads the name of a role of the tenant's own: a-z, 0-9 and hyphens, beginning with a letter; refuses others with BAD_INPUT. */
export const customRoleName = (text: string, field: string): string => {
  if (CUSTOM_NAME.test(text)) return text;
  throw refuse("BAD_INPUT", "A role's name is 1 to 60 of a-z, 0-9 and hyphens, and begins with a letter.", { field });
};

/** Reads names of roles, each once, sorted; refuses too many, and what can't be a role's name, with BAD_INPUT. */
export const roleNames = (texts: readonly string[], field: string): readonly string[] => {
  const names = [...new Set(texts)].toSorted();
  if (names.length > MAX_ROLES_PER_SUBJECT)
    throw refuse("BAD_INPUT", `At most ${MAX_ROLES_PER_SUBJECT} roles can be given.`, { field });
  for (const name of names) if (!isUserRole(name)) customRoleName(name, field);
  return names;
};
