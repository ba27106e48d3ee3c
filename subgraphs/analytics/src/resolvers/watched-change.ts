import type { WatchedChangeResolvers } from "../generated/resolvers.ts";

/** Resolvers of `WatchedChange`. */
export const WatchedChange: WatchedChangeResolvers = {
  __resolveReference: ({ asked }) => ({ asked }),
  explanation: ({ asked }, _arguments, { caller, operations, signal }) =>
    operations.explainAskedChange(caller, asked, signal),
};
