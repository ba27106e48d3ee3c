import type { MutationResolvers, QueryResolvers } from "../generated/resolvers.ts";
import type { AssignRolesOutcome, ListedRole, SaveRoleOutcome } from "../operations/manage-roles.ts";
import type { SavePolicyOutcome } from "../operations/manage-policies.ts";
import type { RotateApiKeyOutcome, SetNetworksOutcome } from "../operations/rotate-api-key.ts";
import { filtersOf, masksOf, policyShape, rulesOf } from "./policy-shapes.ts";

const roleShape = ({ permissions, ...rest }: ListedRole) => ({ ...rest, permissions: [...permissions] });

const toSaveRoleResult = (outcome: SaveRoleOutcome) => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "RoleSaved", role: roleShape(outcome.role) } as const;
    case "TAKEN":
      return { __typename: "RoleNameTaken", name: outcome.name } as const;
    case "NOT_FOUND":
      return { __typename: "RoleNotFound", name: outcome.name } as const;
    case "NOT_HELD":
      return { __typename: "PermissionsNotHeld", permissions: [...outcome.permissions] } as const;
    case "FULL":
      return { __typename: "RoleLimitReached", limit: outcome.limit } as const;
  }
};

const toAssignRolesResult = (outcome: AssignRolesOutcome) => {
  switch (outcome.kind) {
    case "ASSIGNED": {
      const { subject, roles, permissions } = outcome;
      return { __typename: "RolesAssigned", subject, roles: [...roles], permissions: [...permissions] } as const;
    }
    case "NO_HOLDER":
      return { __typename: "RoleHolderNotFound", id: outcome.id } as const;
    case "UNKNOWN":
      return { __typename: "UnknownRoles", names: [...outcome.names] } as const;
    case "NOT_HELD":
      return { __typename: "PermissionsNotHeld", permissions: [...outcome.permissions] } as const;
  }
};

const toSavePolicyResult = (outcome: SavePolicyOutcome) =>
  outcome.kind === "SAVED"
    ? ({ __typename: "DataPolicySaved", policy: policyShape(outcome.policy) } as const)
    : ({ __typename: "DataPolicyLimitReached", limit: outcome.limit } as const);

const toRefusedKey = (outcome: Exclude<SetNetworksOutcome, { readonly kind: "SET" }>) =>
  outcome.kind === "NOT_FOUND"
    ? ({ __typename: "ApiKeyNotFound", id: outcome.id } as const)
    : ({ __typename: "PermissionsNotHeld", permissions: [...outcome.permissions] } as const);

const toRotateResult = (outcome: RotateApiKeyOutcome) =>
  outcome.kind === "ROTATED"
    ? ({ __typename: "ApiKeyRotated", apiKey: outcome.apiKey, secret: outcome.secret } as const)
    : toRefusedKey(outcome);

const toNetworksResult = (outcome: SetNetworksOutcome) =>
  outcome.kind === "SET"
    ? ({ __typename: "ApiKeyNetworksSet", apiKey: outcome.apiKey } as const)
    : toRefusedKey(outcome);

/** What the room answers about access. */
export const AccessQuery: Pick<QueryResolvers, "roles" | "dataPolicies" | "explainAccess"> = {
  roles: async (_root, _args, { caller, operations }) => (await operations.roles(caller.tenantId)).map(roleShape),
  dataPolicies: async (_root, _args, { caller, operations }) =>
    (await operations.dataPolicies(caller.tenantId)).map(policyShape),
  explainAccess: async (_root, { field }, { caller, operations }) => {
    const { grantedBy, rolesThatPermit, policies, ...rest } = await operations.explainAccess(caller, field);
    return {
      ...rest,
      grantedBy: [...grantedBy],
      rolesThatPermit: [...rolesThatPermit],
      policies: [...policies],
      rowFilters: filtersOf(caller.dataPolicy),
      masks: masksOf(caller.dataPolicy),
    };
  },
};

/** What the room changes about access. */
export const AccessMutation: Pick<
  MutationResolvers,
  | "createRole"
  | "updateRole"
  | "deleteRole"
  | "assignRoles"
  | "saveDataPolicy"
  | "deleteDataPolicy"
  | "rotateApiKey"
  | "setApiKeyNetworks"
> = {
  createRole: (_root, { input }, { caller, operations }) => operations.createRole(caller, input).then(toSaveRoleResult),
  updateRole: (_root, { input }, { caller, operations }) => operations.updateRole(caller, input).then(toSaveRoleResult),
  deleteRole: (_root, { name }, { caller, operations }) => operations.deleteRole(caller, name),
  assignRoles: (_root, { input }, { caller, operations }) =>
    operations.assignRoles(caller, input).then(toAssignRolesResult),
  saveDataPolicy: (_root, { input }, { caller, operations }) =>
    operations
      .saveDataPolicy(caller, {
        ...{ name: input.name, description: input.description, everyone: input.everyone ?? false },
        ...{ roles: input.roles ?? [], subjects: input.subjects ?? [] },
        ...rulesOf(input),
      })
      .then(toSavePolicyResult),
  deleteDataPolicy: (_root, { name }, { caller, operations }) => operations.deleteDataPolicy(caller, name),
  rotateApiKey: (_root, args, { caller, operations }) => operations.rotateApiKey(caller, args).then(toRotateResult),
  setApiKeyNetworks: (_root, args, { caller, operations }) =>
    operations.setApiKeyNetworks(caller, args).then(toNetworksResult),
};
