import type { BehindPersonResolvers, BehindResolvers } from "../generated/resolvers.ts";

/** Resolvers of `Behind`. */
export const Behind: BehindResolvers = {
  counts: ({ of }, _args, { caller, operations, signal }) => operations.behindCounts(caller, of, signal),
  events: ({ of }, page, { caller, operations, signal }) => operations.behindEvents(caller, of, page, signal),
  people: ({ of }, page, { caller, operations, signal }) => operations.behindPeople(caller, of, page, signal),
};

/** Resolvers of `BehindPerson`. */
export const BehindPerson: BehindPersonResolvers = {
  firstEvent: ({ firstEventId }, _args, { eventLoader }) => eventLoader.load(firstEventId),
  lastEvent: ({ lastEventId }, _args, { eventLoader }) => eventLoader.load(lastEventId),
};
