import type { MutationResolvers } from "../generated/resolvers.ts";
import { toCreateApiKeyResult, toCreateUserResult, toRevokeApiKeyResult } from "./result.ts";

/** What the tenant room changes. */
export const Mutation: MutationResolvers = {
  createApiKey: (_root, { input }, { caller, operations }) =>
    operations.createApiKey(caller, input).then(toCreateApiKeyResult),
  revokeApiKey: (_root, { id }, { caller, operations }) =>
    operations.revokeApiKey(caller, id).then(toRevokeApiKeyResult),
  createUser: (_root, { input }, { caller, operations }) =>
    operations.createUser(caller, input).then(toCreateUserResult),
  renameTenant: (_root, { input }, { caller, operations }) => operations.renameTenant(caller, input),
};
