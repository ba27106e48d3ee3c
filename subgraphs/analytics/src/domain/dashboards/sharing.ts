import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";

/** With whom something is shared, as in the SDL. */
export type ShareScope = "OWNER" | "ROLES" | "TENANT";

/** Who may do one thing with a dashboard besides its owner. */
export interface Share {
  readonly scope: ShareScope;
  /** Names of roles, when the scope is ROLES. */
  readonly roles: readonly string[];
}

/** Who may do what with a dashboard; not a part of its versions. */
export interface Sharing {
  /** `KIND:id` of who made it. */
  readonly owner: string;
  readonly view: Share;
  readonly edit: Share;
}

/** A share as the graph delivers it. */
export interface ShareInput {
  readonly scope: ShareScope;
  readonly roles?: readonly string[];
}

/** Roles a dashboard may be shared with. */
const MAX_ROLES = 20;
const ROLE = /^[A-Za-z][A-Za-z0-9-]{0,59}$/;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** `KIND:id` of who stands behind a caller. */
export const subjectOf = ({ subject }: Pick<Caller, "subject">): string => `${subject.kind}:${subject.id}`;

/** Reads a share; refuses with BAD_INPUT. */
export const parseShare = ({ scope, roles = [] }: ShareInput, where: string): Share => {
  const names = [...new Set(roles)].toSorted();
  if (scope !== "ROLES" && names.length > 0) throw bad(`${where}.roles`, "Roles are named only with the scope ROLES.");
  if (scope === "ROLES" && (names.length === 0 || names.length > MAX_ROLES))
    throw bad(`${where}.roles`, `The scope ROLES names 1 to ${MAX_ROLES} roles.`);
  if (names.some((name) => !ROLE.test(name))) throw bad(`${where}.roles`, "Something here can't be a role's name.");
  return { scope, roles: names };
};

/** True for those who look after all dashboards of a tenant: who hand out access to everything else. */
export const looksAfterAll = ({ permissions }: Pick<Caller, "permissions">): boolean =>
  permissions.has("access:manage");

const includes = ({ scope, roles }: Share, caller: Caller): boolean =>
  scope === "TENANT" || (scope === "ROLES" && roles.some((role) => caller.roles.includes(role)));

/** True for the owner of a dashboard and those who look after all. */
export const mayShare = ({ owner }: Sharing, caller: Caller): boolean =>
  owner === subjectOf(caller) || looksAfterAll(caller);

/** True for those who may change a dashboard, given the permission to change any. */
export const mayEdit = (sharing: Sharing, caller: Caller): boolean =>
  mayShare(sharing, caller) || includes(sharing.edit, caller);

/** True for those who may see a dashboard: whoever may change one may. */
export const mayView = (sharing: Sharing, caller: Caller): boolean =>
  mayEdit(sharing, caller) || includes(sharing.view, caller);
