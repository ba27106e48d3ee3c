import { isoTime } from "../domain/zone.ts";
import type { GroupActivityResolvers, GroupResolvers } from "../generated/resolvers.ts";

/** Resolvers of `Group`. */
export const Group: GroupResolvers = {
  tenant: ({ tenantId }) => ({ id: tenantId }),
  activity: (group, { range }, { caller, operations, signal }) =>
    operations.groupActivity(caller, group, range, signal),
  people: (group, asked, { caller, operations, signal }) => operations.groupPeople(caller, group, asked, signal),
  cohorts: (group, _args, { caller, operations, signal }) => operations.groupCohorts(caller, group, signal),
  traits: (group, { asOf }, { caller, operations, signal }) => operations.groupTraits(caller, group, asOf, signal),
};

/** Resolvers of `GroupActivity`. */
export const GroupActivity: GroupActivityResolvers = {
  firstAt: ({ firstMs }) => isoTime(firstMs),
  lastAt: ({ lastMs }) => isoTime(lastMs),
  eventCount: ({ events }) => events,
  personCount: ({ persons }) => persons,
  sessionCount: ({ sessions }) => sessions,
};
