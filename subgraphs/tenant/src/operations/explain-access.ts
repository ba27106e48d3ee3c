import type { Caller } from "@tessera/contracts/caller";
import { fieldPermissions, wholeTenantFields } from "@tessera/contracts/field-permissions";
import { refuse } from "@tessera/platform/errors/refusal";
import type { AccessStore } from "../store/access-store.ts";
import type { createListRoles, ListedRole } from "./manage-roles.ts";

/** Where a permission comes from. */
export interface AccessSource {
  readonly kind: "ROLE" | "CREDENTIAL" | "GRANT";
  readonly name: string;
}

/** Why a caller may or may not ask for a field, and what of the answer is taken away. */
export interface AccessExplanation {
  readonly field: string;
  readonly allowed: boolean;
  /** The permission asked for; null when every known caller may. */
  readonly permission: string | null;
  readonly reason: string;
  readonly grantedBy: readonly AccessSource[];
  /** Roles that would permit it. */
  readonly rolesThatPermit: readonly string[];
  readonly policies: readonly string[];
}

const sourcesOf = (caller: Caller, permitting: readonly ListedRole[]): readonly AccessSource[] => {
  if (caller.grantId !== null) return [{ kind: "GRANT", name: caller.grantId }];
  const roles = permitting.filter(({ name }) => caller.roles.includes(name)).map(({ name }) => name);
  if (roles.length > 0) return roles.map((name) => ({ kind: "ROLE", name }));
  return [{ kind: "CREDENTIAL", name: caller.subject.id }];
};

/** Names of the policies that apply to a caller, which every known caller may know of itself. */
export const createPoliciesOf =
  ({ access }: { readonly access: AccessStore }) =>
  async (caller: Caller): Promise<readonly string[]> => {
    if (caller.dataPolicy === null) return [];
    const { policies } = await access.accessOf(caller.tenantId, caller.subject, caller.roles);
    return policies.map(({ name }) => name);
  };

const reasonOf = (facts: {
  readonly asked: string;
  readonly held: boolean;
  readonly hidden: boolean;
  readonly by: string;
  readonly rolesThatPermit: readonly string[];
}): string => {
  const { asked, held, hidden, by, rolesThatPermit } = facts;
  if (hidden) return "It tells of all events of the tenant, and data policies hide some from the caller.";
  if (held) return `It needs ${asked}, which the caller has by ${by}.`;
  const roles = rolesThatPermit.join(", ");
  return `It needs ${asked}, which the caller lacks; ${roles === "" ? "no role of the tenant permits it" : `these roles permit it: ${roles}`}.`;
};

/** Builds `explainAccess`: says of the caller itself alone, from the same table that decides. Refuses what stands in no table with BAD_INPUT. */
export const createExplainAccess =
  (deps: { readonly access: AccessStore; readonly roles: ReturnType<typeof createListRoles> }) =>
  async (caller: Caller, field: string): Promise<AccessExplanation> => {
    const asked = fieldPermissions[field];
    if (asked === undefined)
      throw refuse("BAD_INPUT", "No permission table names this field; write it as in `Query.olap`.", {
        field: "field",
      });
    const policies = await createPoliciesOf(deps)(caller);
    const base = { field, policies };
    if (asked === "PUBLIC") {
      const reason = "Every known caller may ask for it.";
      return { ...base, allowed: true, permission: null, reason, grantedBy: [], rolesThatPermit: [] };
    }
    const permitting = (await deps.roles(caller.tenantId)).filter(({ permissions }) => permissions.includes(asked));
    const held = caller.permissions.has(asked);
    const hidden = held && caller.dataPolicy !== null && wholeTenantFields.includes(field);
    const allowed = held && !hidden;
    const rolesThatPermit = permitting.map(({ name }) => name);
    const grantedBy = held ? sourcesOf(caller, permitting) : [];
    const by = grantedBy.map(({ kind, name }) => `${kind.toLowerCase()} ${name}`).join(", ");
    const reason = reasonOf({ asked, held, hidden, by, rolesThatPermit });
    return { ...base, allowed, permission: asked, reason, grantedBy, rolesThatPermit };
  };
