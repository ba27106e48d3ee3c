import type { Caller } from "@tessera/contracts/caller";
import { parseApiKeyId, parseUserId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { effectiveAccess } from "../domain/access.ts";
import { grantablePermissions } from "../domain/grant.ts";
import { notHeldOf, requireWholeAccess } from "../domain/hand-on.ts";
import { descriptionText } from "../domain/input-text.ts";
import {
  customRoleName,
  isUserRole,
  MAX_CUSTOM_ROLES,
  permissionsOfRoles,
  ROLE_PERMISSIONS,
  roleNames,
  USER_ROLES,
  type CustomRole,
} from "../domain/role.ts";
import type { AccessStore, RoleHolder } from "../store/access-store.ts";

/** A role as it is listed: built in, or the tenant's own. */
export interface ListedRole {
  readonly name: string;
  readonly description: string;
  readonly builtIn: boolean;
  readonly permissions: readonly Permission[];
}

/** What a role shall be, as the caller wrote it. */
export interface RoleRequest {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly permissions: readonly string[];
}

/** What came of making or changing a role. */
export type SaveRoleOutcome =
  | { readonly kind: "SAVED"; readonly role: ListedRole }
  | { readonly kind: "TAKEN"; readonly name: string }
  | { readonly kind: "NOT_FOUND"; readonly name: string }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "FULL"; readonly limit: number };

/** What came of giving roles. */
export type AssignRolesOutcome =
  | {
      readonly kind: "ASSIGNED";
      readonly subject: RoleHolder;
      readonly roles: readonly string[];
      readonly permissions: readonly Permission[];
    }
  | { readonly kind: "NO_HOLDER"; readonly id: string }
  | { readonly kind: "UNKNOWN"; readonly names: readonly string[] }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] };

/** To whom roles are given, as the caller wrote it. */
export interface AssignRolesRequest {
  readonly subject: { readonly kind: "USER" | "API_KEY"; readonly id: string };
  readonly roles: readonly string[];
}

const DESCRIPTIONS = {
  OWNER: "Every permission of the tenant.",
  ADMIN: "Everything but personal data and letting operators in.",
  ANALYST: "Reads every room but personal data and runs jobs.",
  DEVELOPER: "Reads every room but personal data, runs jobs and sends events.",
  VIEWER: "Reads analytics, anomalies, models and lineage.",
  AUDITOR: "Reads the audit log, lineage, people, keys and bills; no events.",
  OPERATOR: "Keeps jobs and anomaly rules running; reads no events.",
} as const satisfies Record<(typeof USER_ROLES)[number], string>;

const BUILT_IN: readonly ListedRole[] = USER_ROLES.map((name) => ({
  name,
  description: DESCRIPTIONS[name],
  builtIn: true,
  permissions: [...ROLE_PERMISSIONS[name]].toSorted(),
}));
const listed = ({ name, description, permissions }: CustomRole): ListedRole => ({
  ...{ name, description, permissions },
  builtIn: false,
});

interface RoleDeps {
  readonly access: AccessStore;
  readonly nowMs: NowMs;
}

/** Builds the list of all roles: built-in ones, then the tenant's own by name. */
export const createListRoles =
  ({ access }: Pick<RoleDeps, "access">) =>
  async (tenantId: TenantId): Promise<readonly ListedRole[]> => [
    ...BUILT_IN,
    ...(await access.roles(tenantId)).map(listed),
  ];

/**
 * Builds `createRole` and `updateRole`: a caller puts into a role only what it holds itself, and changes no role that permits what it lacks. A
 * change counts for everybody who has the role when their credential is next looked at, within five seconds.
 */
export const createSaveRole =
  ({ access, nowMs }: RoleDeps, mode: "CREATE" | "UPDATE") =>
  async (caller: Caller, request: RoleRequest): Promise<SaveRoleOutcome> => {
    requireWholeAccess(caller);
    const name = customRoleName(request.name, "input.name");
    const permissions = grantablePermissions(request.permissions, "input.permissions");
    const description = descriptionText(request.description, "input.description");
    const before = (await access.roles(caller.tenantId)).find((role) => role.name === name);
    if (mode === "UPDATE" && before === undefined) return { kind: "NOT_FOUND", name };
    const lacking = notHeldOf(caller, [...permissions, ...(mode === "UPDATE" ? (before?.permissions ?? []) : [])]);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const at = nowMs();
    const role = { name, description, permissions, createdAtMs: before?.createdAtMs ?? at, updatedAtMs: at };
    const options = { limit: MAX_CUSTOM_ROLES, mayChange: mode === "UPDATE" };
    const saved = await access.saveRole(caller.tenantId, role, options);
    if (saved === "TAKEN") return { kind: "TAKEN", name };
    if (saved === "FULL") return { kind: "FULL", limit: MAX_CUSTOM_ROLES };
    if (saved === "NO_TENANT") throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
    return { kind: "SAVED", role: listed(role) };
  };

/** Builds `deleteRole`: everybody who has it loses it; false when there is none. Policies that name it stay and name it no more. */
export const createDeleteRole =
  ({ access }: Pick<RoleDeps, "access">) =>
  async (caller: Caller, name: string): Promise<{ readonly name: string; readonly deleted: boolean }> => {
    requireWholeAccess(caller);
    const before = (await access.roles(caller.tenantId)).find((role) => role.name === name);
    if (before === undefined) return { name, deleted: false };
    const lacking = notHeldOf(caller, before.permissions);
    if (lacking.length > 0)
      throw refuse("FORBIDDEN", `The role permits what the caller lacks: ${lacking.join(", ")}.`, { field: "name" });
    return { name, deleted: await access.deleteRole(caller.tenantId, name) };
  };

const holderOf = ({ kind, id }: AssignRolesRequest["subject"]): RoleHolder | null => {
  if (kind === "USER") {
    const userId = parseUserId(id);
    return userId === null ? null : { kind, id: userId };
  }
  const keyId = parseApiKeyId(id);
  return keyId === null ? null : { kind, id: keyId };
};

/**
 * Builds `assignRoles`: somebody has exactly these roles from then on. A caller gives, and takes from somebody, only what it holds itself, so that
 * nobody can raise themselves or bring down who may do more.
 */
export const createAssignRoles =
  ({ access }: Pick<RoleDeps, "access">) =>
  async (caller: Caller, request: AssignRolesRequest): Promise<AssignRolesOutcome> => {
    requireWholeAccess(caller);
    const { tenantId } = caller;
    const names = roleNames(request.roles, "input.roles");
    const holder = holderOf(request.subject);
    const kept = holder === null ? null : await access.keptAccess(tenantId, holder);
    if (holder === null || kept === null) return { kind: "NO_HOLDER", id: request.subject.id };
    const own = new Map((await access.roles(tenantId)).map((role) => [role.name, role]));
    const unknown = names.filter((name) => !isUserRole(name) && !own.has(name));
    if (unknown.length > 0) return { kind: "UNKNOWN", names: unknown };
    const given = [...permissionsOfRoles(names), ...names.flatMap((name) => own.get(name)?.permissions ?? [])];
    const taken = effectiveAccess({ ...kept, policies: [] }, "").permissions;
    const lacking = notHeldOf(caller, [...given, ...taken]);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    if (!(await access.setRoles(tenantId, holder, names))) return { kind: "NO_HOLDER", id: request.subject.id };
    return {
      kind: "ASSIGNED",
      subject: holder,
      roles: names,
      permissions: [...new Set([...kept.permissions, ...given])].toSorted(),
    };
  };
