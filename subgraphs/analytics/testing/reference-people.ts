import { BLOCKED_IDS, identityOf, type IdentityKey, type IdentityRules } from "../src/domain/people/identity.ts";

/** A step in the life of a tenant's ids. */
export type PeopleStep =
  | { readonly kind: "LINK"; readonly visitor: IdentityKey; readonly user: IdentityKey; readonly byHand: boolean }
  | { readonly kind: "MERGE"; readonly from: IdentityKey; readonly into: IdentityKey }
  | { readonly kind: "SEPARATE"; readonly key: IdentityKey };

/** Who is who after steps, by the rules of docs/people.md taken word for word: a list of "this one is under that one", searched from the start each time. */
export const replayPeople = (
  steps: readonly PeopleStep[],
  rules: IdentityRules,
): ((key: IdentityKey) => IdentityKey) => {
  const under: { readonly one: IdentityKey; readonly other: IdentityKey }[] = [];
  const [apart, shared] = [new Set<IdentityKey>(), new Set<IdentityKey>()];
  const seen = new Map<IdentityKey, Set<IdentityKey>>();
  const rootOf = (key: IdentityKey): IdentityKey => {
    const above = under.find(({ one }) => one === key);
    return above === undefined ? key : rootOf(above.other);
  };
  const take = (key: IdentityKey): void => {
    const place = under.findIndex(({ one }) => one === key);
    if (place >= 0) under.splice(place, 1);
  };
  const nobody = (key: IdentityKey): boolean => {
    const id = identityOf(key).id.trim().toLowerCase();
    return BLOCKED_IDS.has(id) || rules.blockedIds.includes(id);
  };
  const link = ({ visitor, user, byHand }: Extract<PeopleStep, { kind: "LINK" }>): void => {
    if (nobody(visitor) || nobody(user)) return;
    const users = seen.get(visitor) ?? new Set();
    seen.set(visitor, users.add(user));
    if (shared.has(visitor)) return;
    if (rules.sharedFromUsers !== null && users.size >= rules.sharedFromUsers) {
      shared.add(visitor);
      take(visitor);
      return;
    }
    if (apart.has(visitor) && !byHand) return;
    if (under.some(({ one }) => one === visitor)) return;
    under.push({ one: visitor, other: user });
    apart.delete(visitor);
  };
  for (const step of steps) {
    if (step.kind === "LINK") link(step);
    else if (step.kind === "SEPARATE") {
      if (!under.some(({ one }) => one === step.key)) continue;
      take(step.key);
      apart.add(step.key);
    } else if (!nobody(step.from) && !nobody(step.into)) {
      const [one, other] = [rootOf(step.from), rootOf(step.into)];
      if (one === other) continue;
      under.push({ one, other });
      apart.delete(one);
    }
  }
  return rootOf;
};
