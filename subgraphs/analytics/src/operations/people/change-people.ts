import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseId, userKey, visitorKey, type IdentityKey } from "../../domain/people/identity.ts";
import { decideLink, decideMerge, decideSeparate, type WhyNot } from "../../domain/people/links.ts";
import type { PeopleChange, PeopleStore, Wish } from "../../store/people/people-store-types.ts";
import { copyPeople, type CopyDeps } from "./copy-people.ts";
import { numbered, type NumberDeps } from "./number-people.ts";

/** Somebody of a tenant, by the number of the id the person goes by. */
export interface PersonRef {
  readonly tenantId: TenantId;
  readonly id: string;
}

/** How a change of who is who ended; as in the SDL. */
export type PeopleOutcome =
  | { readonly kind: "CHANGED"; readonly change: PeopleChange; readonly person: PersonRef }
  | { readonly kind: "UNCHANGED"; readonly reason: WhyNot; readonly person: PersonRef };

/** What changing who is who needs. */
export interface ChangeDeps extends NumberDeps, CopyDeps {
  readonly people: PeopleStore;
}

type Maybe<T> = T | null | undefined;
const MAX_REASON = 500;

const parseReason = (reason: Maybe<string>): string => {
  const text = reason ?? "";
  if (text.trim().length > 0 && text.length <= MAX_REASON) return text;
  throw refuse("BAD_INPUT", `Give a \`reason\` of 1 to ${MAX_REASON} characters: it is kept with the change.`, {
    field: "input.reason",
  });
};

const byOf = ({ subject }: Caller): string => `${subject.kind}:${subject.id}`;

const personOf = async (people: PeopleStore, tenantId: TenantId, known: Wish["one"]): Promise<PersonRef> => {
  const [found] = await people.find(tenantId, [known.key]);
  const [root] = found === undefined || found.parent === null ? [] : await people.find(tenantId, [found.root]);
  return { tenantId, id: root?.person ?? known.person };
};

const changed = async (
  deps: ChangeDeps,
  caller: Caller,
  [one, other]: readonly [IdentityKey, IdentityKey],
  rest: Pick<Wish, "decide" | "reason">,
): Promise<PeopleOutcome> => {
  const { tenantId } = caller;
  const [first, second] = await numbered(deps, tenantId, [one, other]);
  if (first === undefined || second === undefined) throw new Error("Two ids have two numbers.");
  const wish = { one: first, other: second, ...rest, by: byOf(caller) };
  const { decision, made } = await deps.people.wish(tenantId, wish);
  if (made !== null) await copyPeople(deps)(tenantId);
  const person = await personOf(deps.people, tenantId, first);
  if (made !== null && decision.whyNot === null) return { kind: "CHANGED", change: made, person };
  return { kind: "UNCHANGED", reason: decision.whyNot ?? "SAME_PERSON", person };
};

/** Says that a visitor is a user, as an SDK does when somebody signs in. */
export const linkVisitor =
  (deps: ChangeDeps) =>
  (caller: Caller, input: { readonly userId: string; readonly anonymousId: string }): Promise<PeopleOutcome> => {
    const visitor = visitorKey(parseId(input.anonymousId, "input.anonymousId"));
    const user = userKey(parseId(input.userId, "input.userId"));
    return changed(deps, caller, [visitor, user], {
      decide: (one, other, rules) => decideLink(one, other, rules, true),
      reason: "identify",
    });
  };

/** Puts the person of one user under another's. */
export const mergePeople =
  (deps: ChangeDeps) =>
  (
    caller: Caller,
    input: { readonly fromUserId: string; readonly intoUserId: string; readonly reason: string },
  ): Promise<PeopleOutcome> => {
    const reason = parseReason(input.reason);
    const from = userKey(parseId(input.fromUserId, "input.fromUserId"));
    const into = userKey(parseId(input.intoUserId, "input.intoUserId"));
    return changed(deps, caller, [from, into], { decide: decideMerge, reason });
  };

/** Takes an id, with everything under it, from under the one it was put under. */
export const unmergePeople =
  (deps: ChangeDeps) =>
  (
    caller: Caller,
    input: { readonly userId?: Maybe<string>; readonly anonymousId?: Maybe<string>; readonly reason: string },
  ): Promise<PeopleOutcome> => {
    const reason = parseReason(input.reason);
    const key = keyOf(input, "input");
    return changed(deps, caller, [key, key], { decide: (one) => decideSeparate(one), reason });
  };

/** The id a question names; refuses unless it is exactly one. */
export const keyOf = (
  { userId, anonymousId }: { readonly userId?: Maybe<string>; readonly anonymousId?: Maybe<string> },
  where: string,
): IdentityKey => {
  const [user, visitor] = [userId ?? null, anonymousId ?? null];
  if ((user === null) === (visitor === null))
    throw refuse("BAD_INPUT", "Name exactly one of `userId` and `anonymousId`.", { field: where });
  return user === null
    ? visitorKey(parseId(visitor ?? "", `${where}.anonymousId`))
    : userKey(parseId(user, `${where}.userId`));
};
