import { parseUserId } from "@tessera/contracts/ids";
import { isUserRole, permissionsOfNames } from "../domain/role.ts";
import type { UserResolvers } from "../generated/resolvers.ts";
import { readOwnTenant } from "../operations/read-own-tenant.ts";
import { timeText } from "./time-text.ts";

/** A person of the caller's tenant. */
export const User: UserResolvers = {
  __resolveReference: ({ id }, { loaders }) => {
    const userId = parseUserId(id);
    return userId === null ? null : loaders.user.load(userId);
  },
  roles: ({ roles }) => roles.filter(isUserRole),
  roleNames: ({ roles }) => roles,
  permissions: async ({ roles }, _args, { caller, operations }) => {
    const own = roles.every(isUserRole) ? [] : await operations.roles(caller.tenantId);
    return permissionsOfNames(roles, own);
  },
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
  tenant: ({ tenantId }, _args, { loaders }) => readOwnTenant(loaders.tenant, tenantId),
};
