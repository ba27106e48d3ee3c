import type { PathFunnelResolvers } from "../generated/resolvers.ts";

/** Resolvers of `PathFunnel`. */
export const PathFunnel: PathFunnelResolvers = {
  answer: ({ question }, _args, { caller, operations, signal }) => operations.funnel(caller, question, signal),
};
