import type { ContributingSliceResolvers, WatchedChangeResolvers } from "../generated/resolvers.ts";

/** Resolvers of `WatchedChange`. */
export const WatchedChange: WatchedChangeResolvers = {
  __resolveReference: ({ asked }) => ({ asked }),
  explanation: ({ asked }, _arguments, { caller, operations, signal }) =>
    operations.explainAskedChange(caller, asked, signal),
  impact: ({ asked }, _arguments, { caller, operations, signal }) =>
    operations.measureAskedImpact(caller, asked, signal),
  events: ({ asked }, { first }, { caller, operations, signal }) =>
    operations.sampleAskedEvents(caller, asked, first, signal),
};

/** Resolvers of `ContributingSlice`. */
export const ContributingSlice: ContributingSliceResolvers = {
  events: ({ behind }, { first }, { caller, operations, signal }) =>
    operations.sampleEvents(caller, behind, first, signal),
};
