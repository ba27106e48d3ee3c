import type { Caller } from "@tessera/contracts/caller";
import { parseUserId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { permissionsNotHeld } from "../domain/grant.ts";
import { requireWholeAccess } from "../domain/hand-on.ts";
import { displayName, emailAddress } from "../domain/input-text.ts";
import { permissionsOfRoles, USER_ROLES, type UserRole } from "../domain/role.ts";
import type { User } from "../domain/user.ts";
import type { UserStore } from "../store/user-store.ts";

/** Users a tenant may have: beyond it people belong into the tenant's own directory. */
export const MAX_USERS = 10_000;

/** What a new user shall be, as the caller wrote it. */
export interface NewUserRequest {
  readonly email: string;
  readonly name: string;
  readonly roles: readonly UserRole[];
}

/** What came of it. */
export type CreateUserOutcome =
  | { readonly kind: "CREATED"; readonly user: User }
  | { readonly kind: "EMAIL_TAKEN"; readonly user: User }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "FULL"; readonly limit: number };

/** Builds `createUser`: a caller gives roles that amount to no permission it lacks itself. */
export const createCreateUser =
  (deps: { users: UserStore; newId: () => string; nowMs: NowMs }) =>
  async (caller: Caller, request: NewUserRequest): Promise<CreateUserOutcome> => {
    requireWholeAccess(caller);
    const email = emailAddress(request.email, "input.email");
    const name = displayName(request.name, "input.name");
    const roles = USER_ROLES.filter((role) => request.roles.includes(role));
    if (roles.length === 0) throw refuse("BAD_INPUT", "At least one role is needed.", { field: "input.roles" });
    const lacking = permissionsNotHeld(caller.permissions, permissionsOfRoles(roles));
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const id = parseUserId(deps.newId());
    if (id === null) throw new Error("A new id is not a UUID.");
    const user: User = { id, tenantId: caller.tenantId, email, name, roles, createdAtMs: deps.nowMs() };
    const added = await deps.users.add(user, MAX_USERS);
    if (added.kind === "ADDED") return { kind: "CREATED", user: added.user };
    if (added.kind === "EMAIL_TAKEN") return { kind: "EMAIL_TAKEN", user: added.user };
    if (added.kind === "FULL") return { kind: "FULL", limit: MAX_USERS };
    throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
  };
