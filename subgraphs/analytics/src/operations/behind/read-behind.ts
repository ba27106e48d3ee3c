import type { Caller } from "@tessera/contracts/caller";
import { parseEventId } from "@tessera/contracts/ids";
import type { AbsoluteRange } from "../../domain/asked-range.ts";
import {
  formatBehindPlace,
  parseEventsPage,
  parsePeoplePage,
  type BehindPageInput,
  type BehindPlace,
} from "../../domain/behind/behind-page.ts";
import { eventsOnly, provenanceOf, type Cost, type Provenance } from "../../domain/provenance.ts";
import { isoTime } from "../../domain/zone.ts";
import type { AnalyticsStore } from "../../store/analytics-store.ts";
import type { EventPage } from "../query-events.ts";
import { behindLines, type BehindDeps, type BehindInput, type BehindLines } from "./behind-question.ts";

/** What reading what is behind a number needs. */
export type ReadBehindDeps = BehindDeps & { readonly store: Pick<AnalyticsStore, "eventsById"> };

/** How many there are behind a number, as in the SDL. */
export interface BehindCounts {
  readonly units: number;
  readonly people: number;
  readonly events: number;
  readonly range: AbsoluteRange;
  readonly provenance: Provenance;
}

/** Somebody behind a number, with the first and the last of the events by which. */
export interface BehindPerson {
  readonly userId: string | null;
  readonly anonymousId: string | null;
  readonly events: number;
  readonly firstEventId: string;
  readonly lastEventId: string;
}

/** A page of the people behind a number, as in the SDL. */
export interface BehindPeople {
  readonly nodes: readonly BehindPerson[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly range: AbsoluteRange;
  readonly provenance: Provenance;
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

const told = (caller: Caller, { range, timeZone }: BehindLines, costs: readonly Cost[], asOfMs: number) => ({
  range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
  provenance: provenanceOf(eventsOnly(range), costs, asOfMs, timeZone, caller.dataPolicy),
});

/** Answers `Behind.counts`: how many units, people and events there are behind a number. */
export const behindCounts =
  (deps: BehindDeps) =>
  async (caller: Caller, of: BehindInput, signal?: AbortSignal): Promise<BehindCounts> => {
    const asOfMs = deps.nowMs();
    const lines = await behindLines(deps, caller, of);
    const { behindCountsStatement, behindCountsOf } = deps.statements;
    const statement = behindCountsStatement(lines.sql);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindCountsOf, optionsOf(signal));
    const { units, people, events } = rows[0] ?? { units: 0, people: 0, events: 0 };
    return { ...{ units, people, events }, ...told(caller, lines, [statistics], asOfMs) };
  };

/** Answers `Behind.people`: those of the events behind a number, in pages. */
export const behindPeople =
  (deps: BehindDeps) =>
  async (caller: Caller, of: BehindInput, asked: BehindPageInput, signal?: AbortSignal): Promise<BehindPeople> => {
    const page = parsePeoplePage(asked);
    const asOfMs = deps.nowMs();
    const lines = await behindLines(deps, caller, of);
    const { behindPeopleStatement, behindPersonOf } = deps.statements;
    const statement = behindPeopleStatement(lines.sql, page, caller.tenantId);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindPersonOf, optionsOf(signal));
    const shown = rows.slice(0, page.first);
    return {
      nodes: shown.map(({ key: _key, ...node }) => node),
      hasNextPage: rows.length > page.first,
      endCursor: shown.at(-1)?.key ?? null,
      ...told(caller, lines, [statistics], asOfMs),
    };
  };

const eventsAt = async (
  { store }: ReadBehindDeps,
  caller: Caller,
  places: readonly BehindPlace[],
  signal: AbortSignal | undefined,
): Promise<EventPage["edges"]> => {
  const ids = places.map(({ key }) => parseEventId(key)).filter((id) => id !== null);
  const found = ids.length === 0 ? [] : await store.eventsById(caller, ids, signal);
  const byId = new Map(found.map((event) => [event.id, event]));
  return places.flatMap((place) => {
    const node = byId.get(place.key);
    return node === undefined ? [] : [{ cursor: formatBehindPlace(place), node }];
  });
};

/** Answers `Behind.events`: the events behind a number, newest first, in pages. */
export const behindEvents =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: BehindInput, asked: BehindPageInput, signal?: AbortSignal): Promise<EventPage> => {
    const page = parseEventsPage(asked, "EVENT");
    const asOfMs = deps.nowMs();
    const lines = await behindLines(deps, caller, of);
    const { behindEventsStatement, behindPlaceOf } = deps.statements;
    const statement = behindEventsStatement(lines.sql, page);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindPlaceOf, optionsOf(signal));
    const places = rows.slice(0, page.first);
    const edges = await eventsAt(deps, caller, places, signal);
    return {
      edges,
      pageInfo: {
        hasNextPage: rows.length > page.first,
        hasPreviousPage: page.after !== null,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
      ...told(caller, lines, [statistics], asOfMs),
    };
  };
