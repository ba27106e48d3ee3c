import type { ContributingSliceResolvers, WatchedChangeResolvers } from "../generated/resolvers.ts";

/** Resolvers of `WatchedChange`. */
export const WatchedChange: WatchedChangeResolvers = {
  __resolveReference: ({ asked }) => ({ asked }),
  explanation: ({ asked }, _arguments, { caller, operations, signal }) =>
    operations.explainAskedChange(caller, asked, signal),
  definitions: async ({ asked }, _arguments, { caller, operations, definitionLoader }) => {
    const { definitionIds } = await operations.namedByAsked(caller, asked);
    const found = await Promise.all(definitionIds.map((id) => definitionLoader.load(id)));
    return found.flatMap((definition) => definition ?? []);
  },
  cohorts: async ({ asked }, _arguments, { caller, operations, cohortLoader }) => {
    const { cohortIds } = await operations.namedByAsked(caller, asked);
    const found = await Promise.all(cohortIds.map((id) => cohortLoader.load(id)));
    return found.flatMap((cohort) => cohort ?? []);
  },
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
