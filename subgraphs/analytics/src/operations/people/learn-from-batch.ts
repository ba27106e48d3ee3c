import { IDENTIFY_EVENT } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import { Refusal } from "@tessera/platform/errors/refusal";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import { parseTraits, type TraitFact, type TraitsInput } from "../../domain/people/traits.ts";
import type { PeopleStatements } from "../../store/people/people-statements-of-events.ts";
import type { PeopleStore } from "../../store/people/people-store-types.ts";
import { linkSeenWith, type LinkSeenDeps } from "./link-seen.ts";
import { numbered } from "./number-people.ts";
import { keepFacts } from "./set-traits.ts";

/** Pairs and events of one batch that are learnt from: as many as a batch may hold. */
const MOST = 50_000;

/** A batch that was stored, as it is told of. */
export interface StoredBatch {
  readonly batchId: string;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly identifies: number;
}

/** What learning who is who from events needs. */
export interface LearnDeps extends LinkSeenDeps {
  readonly people: Pick<PeopleStore, "wishAll" | "state">;
  readonly plainEvents: Pick<EventStore, "query">;
  readonly eventStore: EventStore;
  readonly longQueries: Pick<LongQueryStore, "insert">;
  readonly peopleStatements: PeopleStatements;
}

type Said = ReturnType<PeopleStatements["saidRow"]>;

const textsOf = (value: unknown): readonly string[] | null =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : null;

/** What an event says, by the names SDKs use: `traits`, and beside it `traitsOnce`, `traitsAdd` and `traitsUnset`. */
const inputOf = ({ properties }: Said): TraitsInput => ({
  set: properties["traits"],
  setOnce: properties["traitsOnce"],
  increment: properties["traitsAdd"],
  unset: textsOf(properties["traitsUnset"]),
});

/** Facts of an event; none of one that says what can't be kept, since an event is not asked again. */
const factsOf = (said: Said): readonly TraitFact[] => {
  try {
    return parseTraits(inputOf(said), said.atMs, "properties");
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
};

const keepWhatIsSaid = async (deps: LearnDeps, tenantId: TenantId, batch: StoredBatch): Promise<void> => {
  const { peopleStatements, plainEvents } = deps;
  const statement = peopleStatements.saidStatement({ ...batch, name: IDENTIFY_EVENT }, tenantId, MOST);
  const { rows } = await plainEvents.query(wholeTenant(tenantId), statement, peopleStatements.saidRow);
  const telling = rows.map((said) => ({ said, facts: factsOf(said) })).filter(({ facts }) => facts.length > 0);
  const keys = telling.map(({ said }) => (said.userId === "" ? visitorKey(said.anonymousId) : userKey(said.userId)));
  const numbers = await numbered(deps, tenantId, keys);
  const kept = telling.flatMap(({ said, facts }, at) => {
    const known = numbers[at];
    return known === undefined ? [] : facts.map((fact) => ({ ...fact, person: known.person, place: said.eventId }));
  });
  await keepFacts(deps, tenantId, kept);
};

/**
 * Learns who is who, and what is said of people, from a stored batch: from events named `identify`, and where the tenant's rules say so from every event
 * that carries both ids. Learning the same twice changes nothing. A tenant whose events say nothing costs nothing.
 */
export const learnFromBatch =
  (deps: LearnDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, batch: StoredBatch): Promise<void> => {
    const { rules } = await deps.people.state(tenantId);
    const everyEvent = rules.linkFrom === "ALL_EVENTS";
    if (batch.identifies === 0 && !everyEvent) return;
    if (rules.linkFrom !== "NOTHING") {
      const { peopleStatements, plainEvents } = deps;
      const name = everyEvent ? null : IDENTIFY_EVENT;
      const statement = peopleStatements.seenPairsStatement({ ...batch, name }, tenantId, MOST);
      const { rows } = await plainEvents.query(wholeTenant(tenantId), statement, peopleStatements.pairRow);
      await linkSeenWith(deps)(transaction, tenantId, rows);
    }
    if (batch.identifies > 0) await keepWhatIsSaid(deps, tenantId, batch);
  };
