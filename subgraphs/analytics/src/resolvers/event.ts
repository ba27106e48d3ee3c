import { isoTime } from "../domain/zone.ts";
import type { EventResolvers } from "../generated/resolvers.ts";

/** Resolvers of `Event`. */
export const Event: EventResolvers = {
  __resolveReference: (reference, { eventLoader }) => eventLoader.load(reference.id),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  time: ({ timeMs }) => isoTime(timeMs),
  receivedAt: ({ receivedAtMs }) => isoTime(receivedAtMs),
};
