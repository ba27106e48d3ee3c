import { parseEventId } from "@tessera/contracts/ids";
import type { EventResolvers } from "../generated/resolvers.ts";

/** An event another room told of; only its lineage is known here. */
export const Event: EventResolvers = {
  lineage: ({ id }, _args, { loaders }) => {
    const eventId = parseEventId(id);
    return eventId === null ? null : loaders.lineage.load(eventId);
  },
};
