import { parseUserId } from "@tessera/contracts/ids";
import { permissionsOfRoles } from "../domain/role.ts";
import type { UserResolvers } from "../generated/resolvers.ts";
import { readOwnTenant } from "../operations/read-own-tenant.ts";
import { timeText } from "./time-text.ts";

/** A person of the caller's tenant. */
export const User: UserResolvers = {
  __resolveReference: ({ id }, { loaders }) => {
    const userId = parseUserId(id);
    return userId === null ? null : loaders.user.load(userId);
  },
  permissions: ({ roles }) => permissionsOfRoles(roles),
  createdAt: ({ createdAtMs }) => timeText(createdAtMs),
  tenant: ({ tenantId }, _args, { loaders }) => readOwnTenant(loaders.tenant, tenantId),
};
