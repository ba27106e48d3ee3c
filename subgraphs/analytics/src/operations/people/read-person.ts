import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Cohort } from "../../domain/cohort.ts";
import { MAX_COHORTS } from "../../domain/cohort.ts";
import { formatEventPlace, parsePageSize } from "../../domain/event-page.ts";
import { identityOf, userKey, visitorKey, type IdentityKind } from "../../domain/people/identity.ts";
import { TRAIT_LIMITS, traitsAfter, type Trait } from "../../domain/people/traits.ts";
import { parseCount } from "../../domain/query.ts";
import { parseAsOf } from "../../domain/retention.ts";
import type { CohortStore } from "../../store/cohort-store.ts";
import type { PeopleChange, PeopleStore } from "../../store/people/people-store-types.ts";
import type { PersonRevenue } from "../../store/people/person-rows.ts";
import type { StoredEvent } from "../../domain/event.ts";
import { refuse } from "@tessera/platform/errors/refusal";
import type { FindPeopleDeps, Person } from "./find-people.ts";

/** Currencies of one person that are told. */
const MAX_CURRENCIES = 200;
/** Changes on a page. */
const MAX_CHANGES = 100;

/** What reading about somebody needs. */
export interface ReadPersonDeps extends FindPeopleDeps {
  readonly people: PeopleStore;
  readonly cohorts: CohortStore;
  readonly nowMs: NowMs;
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Answers `Person.revenue`: net revenue per currency of the events the caller may see. */
export const personRevenue =
  ({ plainEvents, peopleStatements }: ReadPersonDeps) =>
  async (caller: Caller, person: Person, signal?: AbortSignal): Promise<readonly PersonRevenue[]> => {
    const statement = peopleStatements.revenueStatement(person, MAX_CURRENCIES);
    return (await plainEvents.query(caller, statement, peopleStatements.revenueRow, optionsOf(signal))).rows;
  };

/** A page of somebody's events; as in the SDL. */
export interface Timeline {
  readonly edges: readonly { readonly cursor: string; readonly node: StoredEvent }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Answers `Person.timeline`: events the caller may see, the newest first. */
export const personTimeline =
  ({ plainEvents, peopleStatements }: ReadPersonDeps) =>
  async (
    caller: Caller,
    person: Person,
    asked: { readonly first: number; readonly after?: string | null | undefined },
    signal?: AbortSignal,
  ): Promise<Timeline> => {
    const page = parsePageSize({ first: asked.first, after: asked.after ?? null });
    const statement = peopleStatements.timelineStatement(person, page);
    const { rows } = await plainEvents.query(caller, statement, peopleStatements.parseEventRow, optionsOf(signal));
    const edges = rows.slice(0, page.first).map((node) => ({ cursor: formatEventPlace(node), node }));
    return {
      edges,
      pageInfo: {
        hasNextPage: rows.length > page.first,
        hasPreviousPage: page.after !== null,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  };

/** What telling cohorts of somebody needs. */
export interface CohortsOfDeps extends Pick<FindPeopleDeps, "plainEvents" | "peopleStatements"> {
  readonly cohorts: Pick<CohortStore, "findMany">;
}

/** Answers `Person.cohorts`: those the person was recorded in last; null for a caller from whom data policies hide events, since records are of all. */
export const personCohorts =
  ({ plainEvents, peopleStatements, cohorts }: CohortsOfDeps) =>
  async (
    caller: Caller,
    person: Pick<Person, "tenantId" | "numbers">,
    signal?: AbortSignal,
  ): Promise<readonly Cohort[] | null> => {
    if (caller.dataPolicy !== null) return null;
    const statement = peopleStatements.cohortsOfStatement(person, MAX_COHORTS);
    const { rows } = await plainEvents.query(caller, statement, peopleStatements.cohortIdRow, optionsOf(signal));
    const found = rows.length === 0 ? [] : await cohorts.findMany(caller.tenantId, rows);
    return found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  };

/** Answers `Person.traits`: what was said up to a moment makes of them; none under a data policy, since no policy can judge what is of no event. */
export const personTraits =
  ({ plainEvents, peopleStatements, nowMs }: ReadPersonDeps) =>
  async (
    caller: Caller,
    person: Person,
    asOf: string | null | undefined,
    signal?: AbortSignal,
  ): Promise<readonly Trait[]> => {
    const asOfMs = parseAsOf(asOf, "asOf", nowMs());
    if (caller.dataPolicy !== null) return [];
    const statement = peopleStatements.traitFactsStatement(person, asOfMs, TRAIT_LIMITS.facts);
    const { rows } = await plainEvents.query(caller, statement, peopleStatements.factRow, optionsOf(signal));
    if (rows.length > TRAIT_LIMITS.facts)
      throw refuse(
        "QUERY_TOO_COSTLY",
        `More than ${TRAIT_LIMITS.facts} facts are kept of this person: no human being changes so often. Ask for an earlier moment.`,
        { field: "asOf", limit: TRAIT_LIMITS.facts },
      );
    return traitsAfter(rows);
  };

/** An id somebody goes by or went by; as in the SDL. */
export interface PersonIdentity {
  readonly kind: IdentityKind;
  readonly id: string;
}

/** Answers `Person.identities`: of events as the caller may see them, and where no data policy holds, those that were linked besides. */
export const personIdentities = (caller: Caller, { keys, seen }: Person): readonly PersonIdentity[] => {
  const ofEvents = [...seen.users.map(userKey), ...seen.visitors.map(visitorKey)];
  return [...new Set([...(caller.dataPolicy === null ? keys : []), ...ofEvents])].toSorted().map(identityOf);
};

/** Changes of who is who; as in the SDL. */
export interface ChangePage {
  readonly nodes: readonly PeopleChange[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** Answers `Person.identityHistory`: every change any of the person's ids took part in, the newest first; none under a data policy, which may mask ids. */
export const identityHistory =
  ({ people }: ReadPersonDeps) =>
  async (
    caller: Caller,
    person: Person,
    page: { readonly first: number; readonly after?: string | null | undefined },
  ): Promise<ChangePage> => {
    const first = parseCount(page.first, "first", MAX_CHANGES);
    const after = page.after ?? null;
    if (after !== null && !/^[1-9]\d{0,14}$/.test(after))
      throw refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });
    if (caller.dataPolicy !== null) return { nodes: [], hasNextPage: false, endCursor: null };
    const keys = [
      ...new Set([...person.keys, ...person.seen.users.map(userKey), ...person.seen.visitors.map(visitorKey)]),
    ];
    const found = await people.history(caller.tenantId, keys, first, after === null ? null : Number(after));
    const nodes = found.slice(0, first);
    const last = nodes.at(-1);
    return { nodes, hasNextPage: found.length > first, endCursor: last === undefined ? null : String(last.version) };
  };
