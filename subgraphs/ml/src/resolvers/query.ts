import type { QueryResolvers } from "../generated/resolvers.ts";

/** Resolvers of the root queries. */
export const Query: QueryResolvers = {
  recommendations: (_root, { input }, { caller, operations, signal }) =>
    operations.recommendations(caller, input, signal),
};
