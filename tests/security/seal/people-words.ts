const HASHED = "hashed with the tenant: the same id of another tenant is somebody else";

/** Words of people that are never looked up as a thing of anybody but the caller's tenant. */
export const peopleWords: Readonly<Record<string, string>> = {
  "Query.person(id)": "a hash of tenant and id, looked up among the tenant's own events",
  "Query.personOf(input.userId)": HASHED,
  "Query.personOf(input.anonymousId)": HASHED,
  "Mutation.identify(input.userId)": HASHED,
  "Mutation.identify(input.anonymousId)": HASHED,
  "Mutation.mergePeople(input.fromUserId)": HASHED,
  "Mutation.mergePeople(input.intoUserId)": HASHED,
  "Mutation.unmergePeople(input.userId)": HASHED,
  "Mutation.unmergePeople(input.anonymousId)": HASHED,
  // An erasure drops what was reported meanwhile, so that none is made here.
  "Query.personErasure(id)":
    "null for another tenant's: subgraphs/analytics/src/operations/people/erase-person.db.test.ts",
  "Mutation.erasePerson(input.userId)": HASHED,
  "Mutation.erasePerson(input.anonymousId)": HASHED,
  "Mutation.setTraits(input.userId)": HASHED,
  "Mutation.setTraits(input.anonymousId)": HASHED,
  "Query.group(id)": "a name; what is told of it is read from the tenant's own events and facts",
  "Mutation.setGroupTraits(input.id)": HASHED,
  "Mutation.setIdentityRules(input.blockedIds)": "stored as sent",
};
