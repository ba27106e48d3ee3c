import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { IdentityKey } from "../../domain/people/identity.ts";
import { MAX_IDENTITIES } from "../../domain/people/links.ts";
import type { PeopleStatements } from "../../store/people/people-statements-of-events.ts";
import type { PeopleStore } from "../../store/people/people-store-types.ts";
import type { SeenPerson } from "../../store/people/person-rows.ts";

/** Somebody of whom the caller may see an event. */
export interface Person {
  readonly tenantId: TenantId;
  /** The number of the id the person goes by. */
  readonly id: string;
  /** Numbers that events of any of the person's ids are stored with. */
  readonly numbers: readonly string[];
  /** Ids that were linked; none for who was never linked. */
  readonly keys: readonly IdentityKey[];
  readonly seen: SeenPerson;
}

/** What finding people needs: the event store whose persons are those of the events, since every number of a person is named. */
export interface FindPeopleDeps {
  readonly people: Pick<PeopleStore, "identitiesOf">;
  readonly plainEvents: Pick<EventStore, "query">;
  readonly peopleStatements: PeopleStatements;
}

const NUMBER = /^\d{1,20}$/;
/** The largest number a person may have, 64 bits. */
const MAX_NUMBER = 18_446_744_073_709_551_615n;

/** True for what can be the number of a person. */
export const isPersonNumber = (id: string): boolean => NUMBER.test(id) && id !== "0" && BigInt(id) <= MAX_NUMBER;

/** Reads the cursor of a list by number; refuses another with BAD_INPUT. */
export const parsePersonCursor = (after: string | null | undefined): string => {
  if (after === null || after === undefined) return "0";
  if (isPersonNumber(after)) return after;
  throw refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });
};

interface Known {
  readonly id: string;
  readonly numbers: readonly string[];
  readonly keys: readonly IdentityKey[];
}

const knownOf = (asked: string, identities: Awaited<ReturnType<PeopleStore["identitiesOf"]>>): Known => {
  const own = identities.filter((one) => one.asked === asked);
  const [first] = own;
  return first === undefined
    ? { id: asked, numbers: [asked], keys: [] }
    : { id: first.countsAs, numbers: own.map(({ person }) => person), keys: own.map(({ key }) => key) };
};

/** Finds people by the number of any of their ids, in the order asked for; null for who has no event the caller may see. */
export const findPeople =
  ({ people, plainEvents, peopleStatements }: FindPeopleDeps) =>
  async (caller: Caller, ids: readonly string[], signal?: AbortSignal): Promise<readonly (Person | null)[]> => {
    const { tenantId } = caller;
    const wanted = [...new Set(ids.filter(isPersonNumber).map((id) => BigInt(id).toString()))];
    if (wanted.length === 0) return ids.map(() => null);
    const identities = await people.identitiesOf(tenantId, wanted);
    const known = new Map(wanted.map((id) => [id, knownOf(id, identities)]));
    const numbered = [...new Map([...known.values()].map((one) => [one.id, one])).values()].flatMap(({ id, numbers }) =>
      numbers.map((number) => ({ number, id })),
    );
    const stored = { tenantId, numbers: numbered.map(({ number }) => number), countAs: numbered.map(({ id }) => id) };
    const statement = peopleStatements.seenPeopleStatement(stored, MAX_IDENTITIES);
    const options = signal === undefined ? {} : { signal };
    const { rows } = await plainEvents.query(caller, statement, peopleStatements.seenRow, options);
    const seen = new Map(rows.map((row) => [row.who, row]));
    return ids.map((id): Person | null => {
      const one = isPersonNumber(id) ? known.get(BigInt(id).toString()) : undefined;
      const row = one === undefined ? undefined : seen.get(one.id);
      return one === undefined || row === undefined ? null : { tenantId, ...one, seen: row };
    });
  };
