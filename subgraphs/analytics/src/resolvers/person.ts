import { isoTime } from "../domain/zone.ts";
import { identityOf } from "../domain/people/identity.ts";
import type {
  ChangePeopleResultResolvers,
  IdentityChangeResolvers,
  IdentityRulesResolvers,
  PeopleChangedResolvers,
  PeopleUnchangedResolvers,
  PersonResolvers,
  TraitResolvers,
  TraitsSetResolvers,
} from "../generated/resolvers.ts";

/** Resolvers of `Person`. */
export const Person: PersonResolvers = {
  __resolveReference: (reference, { personLoader }) => personLoader.load(reference.id),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  firstSeenAt: ({ seen }) => isoTime(seen.firstMs),
  lastSeenAt: ({ seen }) => isoTime(seen.lastMs),
  eventCount: ({ seen }) => seen.events,
  sessionCount: ({ seen }) => seen.sessions,
  revenue: (person, _args, { caller, operations, signal }) => operations.personRevenue(caller, person, signal),
  identities: (person, _args, { caller, operations }) => operations.personIdentities(caller, person),
  identityHistory: (person, page, { caller, operations }) => operations.identityHistory(caller, person, page),
  traits: (person, { asOf }, { caller, operations, signal }) => operations.personTraits(caller, person, asOf, signal),
  cohorts: (person, _args, { caller, operations, signal }) => operations.personCohorts(caller, person, signal),
  groups: (person, { type }, { caller, operations, signal }) => operations.personGroups(caller, person, type, signal),
  timeline: (person, page, { caller, operations, signal }) => operations.personTimeline(caller, person, page, signal),
};

/** Resolvers of `Trait`. */
export const Trait: TraitResolvers = { since: ({ sinceMs }) => isoTime(sinceMs) };

/** Resolvers of `IdentityChange`. */
export const IdentityChange: IdentityChangeResolvers = {
  identity: ({ identity }) => identityOf(identity),
  other: ({ other }) => identityOf(other),
  madeBy: ({ by }) => by,
  madeAt: ({ atMs }) => isoTime(atMs),
};

/** Resolvers of `IdentityRules`. */
export const IdentityRules: IdentityRulesResolvers = {
  linkFrom: ({ rules }) => rules.linkFrom,
  sharedFromUsers: ({ rules }) => rules.sharedFromUsers,
  blockedIds: ({ rules }) => rules.blockedIds,
  countedVersion: ({ copiedVersion }) => copiedVersion,
};

/** Resolvers of `TraitsSet`. */
export const TraitsSet: TraitsSetResolvers = {
  person: ({ person }, _args, { personLoader }) => personLoader.load(person.id),
};

/** Resolvers of `PeopleChanged`. */
export const PeopleChanged: PeopleChangedResolvers = {
  person: ({ person }, _args, { personLoader }) => personLoader.load(person.id),
};

/** Resolvers of `PeopleUnchanged`. */
export const PeopleUnchanged: PeopleUnchangedResolvers = {
  person: ({ person }, _args, { personLoader }) => personLoader.load(person.id),
};

const CHANGED = { CHANGED: "PeopleChanged", UNCHANGED: "PeopleUnchanged" } as const;
/** Resolvers of `ChangePeopleResult`. */
export const ChangePeopleResult: ChangePeopleResultResolvers = { __resolveType: ({ kind }) => CHANGED[kind] };
