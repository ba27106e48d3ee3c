import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import { decideLink } from "../../domain/people/links.ts";
import type { PeopleStore, Wish } from "../../store/people/people-store-types.ts";
import { numbered, type NumberDeps } from "./number-people.ts";

/** A visitor that was seen as a user, in an event. */
export interface SeenPair {
  readonly userId: string;
  readonly anonymousId: string;
}

/** Who a change is by that events brought. */
export const BY_EVENTS = "SERVICE:events";

/** What linking what events say needs. */
export interface LinkSeenDeps extends NumberDeps {
  readonly people: Pick<PeopleStore, "wishAll">;
}

/** Links visitors with the users they were seen as, in order, within a transaction of the tenant; true when somebody changed. */
export const linkSeenWith =
  (deps: LinkSeenDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, pairs: readonly SeenPair[]): Promise<boolean> => {
    const keys = pairs.flatMap(({ userId, anonymousId }) => [visitorKey(anonymousId), userKey(userId)]);
    const numbers = await numbered(deps, tenantId, keys);
    const wishes = pairs.flatMap((_pair, at): readonly Wish[] => {
      const [one, other] = [numbers[at * 2], numbers[at * 2 + 1]];
      if (one === undefined || other === undefined) return [];
      const decide: Wish["decide"] = (visitor, user, rules) => decideLink(visitor, user, rules, false);
      return [{ one, other, decide, reason: "seen together in an event", by: BY_EVENTS }];
    });
    const outcomes = await deps.people.wishAll(transaction, tenantId, wishes);
    return outcomes.some(({ made }) => made !== null);
  };
