import type { Caller } from "@tessera/contracts/caller";
import { parseEventId } from "@tessera/contracts/ids";
import type { AbsoluteRange } from "../../domain/asked-range.ts";
import { formatBehindPlace, type BehindPlace } from "../../domain/behind/behind-page.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { AnalyticsStore } from "../../store/analytics-store.ts";
import type { EventPage } from "../query-events.ts";
import type { PathsDeps } from "../query-paths.ts";
import type { FunnelDeps } from "../query-funnel.ts";
import type { BehindDeps } from "./behind-lines.ts";

/** What reading what is behind a number needs. */
export type ReadBehindDeps = BehindDeps &
  FunnelDeps &
  PathsDeps & { readonly store: Pick<AnalyticsStore, "eventsById"> };

/** How many there are behind a number, as in the SDL. */
export interface BehindCounts {
  readonly units: number;
  /** Null for funnels of other units than persons. */
  readonly people: number | null;
  readonly events: number;
  /** What a model gives to what is asked about, of attribution; null of everything else. */
  readonly credit: number | null;
  readonly creditedValue: number | null;
  readonly range: AbsoluteRange;
  readonly provenance: Provenance;
}

/** Somebody behind a number, with the first and the last of the events by which. */
export interface BehindPerson {
  readonly userId: string | null;
  readonly anonymousId: string | null;
  readonly events: number;
  /** Null for members of a cohort who did nothing in its question's range. */
  readonly firstEventId: string | null;
  readonly lastEventId: string | null;
}

/** A page of the people behind a number, as in the SDL. */
export interface BehindPeople {
  readonly nodes: readonly BehindPerson[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly range: AbsoluteRange;
  readonly provenance: Provenance;
}

/** A touchpoint of a journey, as in the SDL. */
export interface BehindTouchpoint {
  readonly label: string;
  readonly timeMs: number;
  readonly eventId: string;
  readonly credit: number | null;
}

/** A journey behind a number of attribution, as in the SDL. */
export interface BehindJourney {
  readonly endMs: number;
  /** Null for journeys that ended in none. */
  readonly conversionId: string | null;
  readonly value: number | null;
  readonly credit: number | null;
  readonly creditedValue: number | null;
  readonly touchpoints: readonly BehindTouchpoint[];
}

/** A page of the journeys behind a number of attribution, as in the SDL. */
export interface BehindJourneys {
  readonly nodes: readonly BehindJourney[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly range: AbsoluteRange;
  readonly provenance: Provenance;
}

/** Where a page of events lies in the whole list. */
export interface PageEnds {
  readonly hasMore: boolean;
  readonly hasBefore: boolean;
}

/** The events of some places as a page; those that were erased since are left out. */
export const readEventsAt = async (
  { store }: Pick<ReadBehindDeps, "store">,
  caller: Caller,
  places: readonly (BehindPlace & { readonly id: string })[],
  { hasMore, hasBefore }: PageEnds,
  signal: AbortSignal | undefined,
): Promise<Pick<EventPage, "edges" | "pageInfo">> => {
  const ids = places.map(({ id }) => parseEventId(id)).filter((id) => id !== null);
  const found = ids.length === 0 ? [] : await store.eventsById(caller, ids, signal);
  const byId = new Map<string, (typeof found)[number]>(found.map((event) => [event.id, event]));
  const edges = places.flatMap((place) => {
    const node = byId.get(place.id);
    return node === undefined ? [] : [{ cursor: formatBehindPlace(place), node }];
  });
  const last = places.at(-1);
  return {
    edges,
    pageInfo: {
      ...{ hasNextPage: hasMore, hasPreviousPage: hasBefore, startCursor: edges[0]?.cursor ?? null },
      endCursor: last === undefined ? null : formatBehindPlace(last),
    },
  };
};

/** The people of some events, each with the store's own number of theirs, how many of the events are theirs, and the first and the last of them. */
export const peopleOfEvents = async (
  { eventStore, statements }: Pick<ReadBehindDeps, "eventStore" | "statements">,
  caller: Caller,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly (BehindPerson & { readonly key: string })[]> => {
  if (ids.length === 0) return [];
  const everyone = { first: ids.length, after: "0" };
  const events = statements.eventsBehindSql(ids, caller.tenantId);
  const statement = statements.behindPeopleStatement(events, everyone, caller.tenantId);
  const options = signal === undefined ? {} : { signal };
  return (await eventStore.query(caller, statement, statements.behindPersonOf, options)).rows;
};
