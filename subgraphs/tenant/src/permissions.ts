import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";

/**
 * What each root field, and each field that entities of other rooms can reach, asks for. A caller's own tenant is no secret to it; its
 * people and keys are.
 */
export const permissions = {
  "Query.tenant": "PUBLIC",
  "Query.whoAmI": "PUBLIC",
  "Query.apiKeys": "tenant:read",
  "Query.users": "tenant:read",
  "Query.user": "tenant:read",
  "Query.authenticate": "platform:authenticate",
  "Mutation.createApiKey": "tenant:manage",
  "Mutation.revokeApiKey": "tenant:manage",
  "Mutation.createUser": "tenant:manage",
  "Mutation.renameTenant": "tenant:manage",
  "Tenant.users": "tenant:read",
  "Tenant.apiKeys": "tenant:read",
  "User.email": "tenant:read",
  "User.name": "tenant:read",
  "User.roles": "tenant:read",
  "User.permissions": "tenant:read",
} as const satisfies PermissionTable;
