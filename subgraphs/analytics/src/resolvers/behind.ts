import { isoTime } from "../domain/zone.ts";
import type {
  BehindJourneyResolvers,
  BehindPersonResolvers,
  BehindResolvers,
  BehindTouchpointResolvers,
} from "../generated/resolvers.ts";

/** Resolvers of `Behind`. */
export const Behind: BehindResolvers = {
  counts: ({ of }, _args, { caller, operations, signal }) => operations.behindCounts(caller, of, signal),
  events: ({ of }, page, { caller, operations, signal }) => operations.behindEvents(caller, of, page, signal),
  people: ({ of }, page, { caller, operations, signal }) => operations.behindPeople(caller, of, page, signal),
  journeys: ({ of }, page, { caller, operations, signal }) => operations.behindJourneys(caller, of, page, signal),
};

/** Resolvers of `BehindPerson`. */
export const BehindPerson: BehindPersonResolvers = {
  firstEvent: ({ firstEventId }, _args, { eventLoader }) =>
    firstEventId === null ? null : eventLoader.load(firstEventId),
  lastEvent: ({ lastEventId }, _args, { eventLoader }) => (lastEventId === null ? null : eventLoader.load(lastEventId)),
};

/** Resolvers of `BehindJourney`. */
export const BehindJourney: BehindJourneyResolvers = {
  endedAt: ({ endMs }) => isoTime(endMs),
  conversion: ({ conversionId }, _args, { eventLoader }) =>
    conversionId === null ? null : eventLoader.load(conversionId),
};

/** Resolvers of `BehindTouchpoint`. */
export const BehindTouchpoint: BehindTouchpointResolvers = {
  time: ({ timeMs }) => isoTime(timeMs),
  event: ({ eventId }, _args, { eventLoader }) => eventLoader.load(eventId),
};
