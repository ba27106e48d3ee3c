import { eventIdArgument } from "../domain/event-id-argument.ts";
import type { QueryResolvers } from "../generated/resolvers.ts";

/** What the governance room answers. */
export const Query: QueryResolvers = {
  eventLineage: (_root, { eventId }, { loaders }) => loaders.lineage.load(eventIdArgument(eventId)),
};
