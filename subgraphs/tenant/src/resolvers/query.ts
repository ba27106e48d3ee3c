import { parseUserId } from "@tessera/contracts/ids";
import type { QueryResolvers } from "../generated/resolvers.ts";
import { readOwnTenant } from "../operations/read-own-tenant.ts";

/** What the tenant room answers. */
export const Query: QueryResolvers = {
  tenant: (_root, _args, { caller, loaders }) => readOwnTenant(loaders.tenant, caller.tenantId),
  whoAmI: (_root, _args, { caller }) => caller,
  apiKeys: (_root, args, { caller, operations }) => operations.apiKeys(caller.tenantId, args),
  users: (_root, args, { caller, operations }) => operations.users(caller.tenantId, args),
  user: (_root, { id }, { loaders }) => {
    const userId = parseUserId(id);
    return userId === null ? null : loaders.user.load(userId);
  },
  authenticate: (_root, args, { operations }) => operations.authenticate(args),
};
