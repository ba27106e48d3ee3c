import type { MutationResolvers } from "../generated/resolvers.ts";

import { DEFAULT_JOB_ROWS } from "../domain/job-query.ts";

/** Resolvers of `Mutation`. */
export const Mutation: MutationResolvers = {
  ingestEvents: (_root, { input }, { caller, operations }) => operations.ingestEvents(caller, input),
  startQuery: (_root, { input }, { caller, operations }) =>
    operations.startQuery(caller, { ...input, maxRows: input.maxRows ?? DEFAULT_JOB_ROWS }),
  cancelJob: (_root, { id }, { caller, operations }) => operations.cancelJob(caller, id),
};
