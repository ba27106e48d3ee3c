import { isBlocked, identityOf, type IdentityKey, type IdentityRules } from "./identity.ts";

/** Ids one person may go by: beyond it an id is a machine's or a place's, and not somebody's. */
export const MAX_IDENTITIES = 1_000;
/** Ids of a tenant that may be linked to others: their map is held in memory by each question that counts people. */
export const MAX_LINKS = 1_000_000;
/** Users of a visitor that are remembered; rules count no further. */
export const MAX_SEEN_USERS = 20;

/** An id as it is known. */
export interface Identity {
  readonly key: IdentityKey;
  /** Whom it was put under; null for an id that a person goes by. */
  readonly parent: IdentityKey | null;
  /** Where its parents end: the id the person goes by. */
  readonly root: IdentityKey;
  /** Ids the person of its root has, this one included. */
  readonly size: number;
  /** Taken apart by hand, and linked again only by hand. */
  readonly heldApart: boolean;
  /** A device of several people. */
  readonly shared: boolean;
  /** Users it was seen with, the first one first. */
  readonly seenUsers: readonly string[];
}

/** An id nobody has linked yet. */
export const unlinked = (key: IdentityKey): Identity => ({
  ...{ key, parent: null, root: key, size: 1 },
  ...{ heldApart: false, shared: false, seenUsers: [] },
});

/** What a decision changes: an id is put under another, taken from under it, or marked; `root` moves with everything under it. */
export type Change =
  | { readonly action: "LINKED" | "MERGED"; readonly identity: IdentityKey; readonly other: IdentityKey }
  | { readonly action: "SEPARATED" | "SHARED"; readonly identity: IdentityKey; readonly other: IdentityKey };

/** Why nothing was linked. */
export type WhyNot =
  "BLOCKED" | "SHARED_DEVICE" | "HELD_APART" | "OF_ANOTHER" | "TOO_MANY" | "SAME_PERSON" | "NOT_MERGED";

/** What becomes of a wish: a change, or the reason why there is none; `seenUser` is remembered of the visitor either way. */
export interface Decision {
  readonly change: Change | null;
  readonly whyNot: WhyNot | null;
  readonly seenUser: string | null;
}

const no = (whyNot: WhyNot, seenUser: string | null = null): Decision => ({ change: null, whyNot, seenUser });

const blocked = (identities: readonly Identity[], rules: IdentityRules): boolean =>
  identities.some(({ key }) => isBlocked(identityOf(key).id, rules));

const newlySeen = (visitor: Identity, user: string): string | null =>
  visitor.seenUsers.includes(user) || visitor.seenUsers.length >= MAX_SEEN_USERS ? null : user;

/** The size of the person two make together; an unknown id counts as one. */
const joined = (one: Identity, other: Identity): number => one.size + other.size;

/**
 * Decides whether a visitor is a user's. It belongs to the first user it was seen with and no later one takes it; a device that more users than the
 * rules allow were seen with is nobody's; what was taken apart by hand is linked again only `byHand`.
 */
export const decideLink = (visitor: Identity, user: Identity, rules: IdentityRules, byHand: boolean): Decision => {
  if (blocked([visitor, user], rules)) return no("BLOCKED");
  const name = identityOf(user.key).id;
  const seenUser = newlySeen(visitor, name);
  const users = visitor.seenUsers.length + (seenUser === null ? 0 : 1);
  if (visitor.shared) return no("SHARED_DEVICE", seenUser);
  if (rules.sharedFromUsers !== null && users >= rules.sharedFromUsers)
    return {
      change: { action: "SHARED", identity: visitor.key, other: visitor.parent ?? user.key },
      ...{ whyNot: "SHARED_DEVICE", seenUser },
    };
  if (visitor.heldApart && !byHand) return no("HELD_APART", seenUser);
  if (visitor.parent !== null) return no(visitor.root === user.root ? "SAME_PERSON" : "OF_ANOTHER", seenUser);
  if (joined(visitor, user) > MAX_IDENTITIES) return no("TOO_MANY", seenUser);
  return { change: { action: "LINKED", identity: visitor.key, other: user.key }, whyNot: null, seenUser };
};

/** Decides whether the whole person of one user is put under another's: by hand alone, and never within one person, so that there is no cycle. */
export const decideMerge = (from: Identity, into: Identity, rules: IdentityRules): Decision => {
  if (blocked([from, into], rules)) return no("BLOCKED");
  if (from.root === into.root) return no("SAME_PERSON");
  if (joined(from, into) > MAX_IDENTITIES) return no("TOO_MANY");
  return { change: { action: "MERGED", identity: from.root, other: into.root }, whyNot: null, seenUser: null };
};

/** Decides whether an id, with everything under it, is taken from under the one it was put under. */
export const decideSeparate = (identity: Identity): Decision =>
  identity.parent === null
    ? no("NOT_MERGED")
    : {
        change: { action: "SEPARATED", identity: identity.key, other: identity.parent },
        ...{ whyNot: null, seenUser: null },
      };
