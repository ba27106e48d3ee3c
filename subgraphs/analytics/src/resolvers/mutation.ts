import type { MutationResolvers } from "../generated/resolvers.ts";

/** Resolvers of `Mutation`. */
export const Mutation: MutationResolvers = {
  ingestEvents: (_root, { input }, { caller, operations }) => operations.ingestEvents(caller, input),
};
