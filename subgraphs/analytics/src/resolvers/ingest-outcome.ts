import type {
  EventAcceptedResolvers,
  EventDuplicateResolvers,
  IngestOutcomeResolvers,
} from "../generated/resolvers.ts";

const TYPES = { ACCEPTED: "EventAccepted", DUPLICATE: "EventDuplicate", REJECTED: "EventRejected" } as const;

/** Resolvers of `IngestOutcome`. */
export const IngestOutcome: IngestOutcomeResolvers = {
  __resolveType: ({ kind }) => TYPES[kind],
};

/** Resolvers of `EventAccepted`. */
export const EventAccepted: EventAcceptedResolvers = {
  event: ({ eventId }, _args, { eventLoader }) => eventLoader.load(eventId),
};

/** Resolvers of `EventDuplicate`. */
export const EventDuplicate: EventDuplicateResolvers = {
  event: ({ eventId }, _args, { eventLoader }) => eventLoader.load(eventId),
};
