import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseId, type IdentityRules } from "../../domain/people/identity.ts";
import type { PeopleState, PeopleStore } from "../../store/people/people-store-types.ts";

/** Ids a tenant may block beside those that always are. */
const MAX_BLOCKED = 200;
/** Users of one visitor from which on it may be called shared. */
const SHARED_FROM = { least: 2, most: 20 } as const;

/** Rules as the graph delivers them; what is left out stays as it is. */
export interface IdentityRulesInput {
  readonly linkFrom?: IdentityRules["linkFrom"] | null | undefined;
  readonly sharedFromUsers?: number | null | undefined;
  readonly blockedIds?: readonly string[] | null | undefined;
}

const sharedFrom = (users: number | null): number | null => {
  if (users === null || (Number.isInteger(users) && users >= SHARED_FROM.least && users <= SHARED_FROM.most))
    return users;
  throw refuse("BAD_INPUT", `A device is shared from ${SHARED_FROM.least} to ${SHARED_FROM.most} users on.`, {
    field: "input.sharedFromUsers",
  });
};

const blockedIds = (ids: readonly string[]): readonly string[] => {
  if (ids.length > MAX_BLOCKED)
    throw refuse("BAD_INPUT", `At most ${MAX_BLOCKED} ids may be blocked.`, { field: "input.blockedIds" });
  const plain = ids.map((id, at) => parseId(id, `input.blockedIds.${at}`).trim().toLowerCase());
  return [...new Set(plain)].toSorted();
};

/** Answers `identityRules`. */
export const identityRules =
  ({ people }: { readonly people: Pick<PeopleStore, "state"> }) =>
  (caller: Caller): Promise<PeopleState> =>
    people.state(caller.tenantId);

/** Sets rules for ids that are linked from now on; links that were made stay. */
export const setIdentityRules =
  ({ people }: { readonly people: Pick<PeopleStore, "state" | "setRules"> }) =>
  async (caller: Caller, input: IdentityRulesInput): Promise<PeopleState> => {
    const { rules } = await people.state(caller.tenantId);
    return people.setRules(caller.tenantId, {
      linkFrom: input.linkFrom ?? rules.linkFrom,
      sharedFromUsers: input.sharedFromUsers === undefined ? rules.sharedFromUsers : sharedFrom(input.sharedFromUsers),
      blockedIds: input.blockedIds === undefined ? rules.blockedIds : blockedIds(input.blockedIds ?? []),
    });
  };
