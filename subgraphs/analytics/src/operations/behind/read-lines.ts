import type { Caller } from "@tessera/contracts/caller";
import type { BehindEventsPage, BehindPlace, PeoplePage } from "../../domain/behind/behind-page.ts";
import { firstPersons, newestPlaces, type CountedPerson } from "../../domain/behind/slices-together.ts";
import type { Approximation } from "../../domain/planner.ts";
import type { Cost } from "../../domain/provenance.ts";
import { ESTIMATED_PEOPLE, LEAST_PERSONS, leastOf, personsOf } from "../../domain/sessions/least-persons.ts";
import type { BehindSql } from "../../store/behind/behind-sql.ts";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import { readSlices } from "../read-slices.ts";
import type { BehindPerson } from "./behind-answer.ts";
import type { BehindDeps, BehindLines, SlicedLines } from "./behind-lines.ts";

type Deps = Pick<BehindDeps, "eventStore" | "statements">;

/** What was read of what is behind a number, and what that cost. */
interface Read<Answer> {
  readonly answer: Answer;
  readonly costs: readonly Cost[];
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Asks for each slice in turn, and hands over its rows. */
const eachSlice = <Row>(
  { eventStore }: Deps,
  caller: Caller,
  { slices, effort, pace }: SlicedLines,
  asking: { readonly statement: (slice: BehindSql) => StoreStatement; readonly parse: (row: unknown) => Row },
  take: (rows: readonly Row[]) => void,
  signal: AbortSignal | undefined,
): Promise<readonly Cost[]> =>
  readSlices(
    slices,
    (slice) => effort.ask(() => eventStore.query(caller, asking.statement(slice), asking.parse, optionsOf(signal))),
    ({ rows }) => Promise.resolve(take(rows)),
    pace,
  );

/** How many units, people and events there are behind a number, and what in that is no longer exact. */
export interface CountedLines {
  readonly units: number;
  readonly people: number;
  readonly events: number;
  readonly approximations: readonly Approximation[];
}

/** Units and events add up over slices; people do where each is in one, and are else told by their least numbers. */
const countSlices = async (
  deps: Deps,
  caller: Caller,
  sliced: SlicedLines,
  signal: AbortSignal | undefined,
): Promise<Read<CountedLines>> => {
  const { behindSliceCountsStatement, behindSliceCountsOf } = deps.statements;
  const { personsApart } = sliced;
  let [units, people, events] = [0, 0, 0];
  let least: BigUint64Array = BigUint64Array.of();
  const costs = await eachSlice(
    ...([deps, caller, sliced] as const),
    {
      statement: (slice) => behindSliceCountsStatement(slice, personsApart ? 0 : LEAST_PERSONS),
      parse: behindSliceCountsOf,
    },
    ([row]) => {
      units += row?.units ?? 0;
      people += row?.people ?? 0;
      events += row?.events ?? 0;
      least = leastOf(least, row?.persons ?? []);
    },
    signal,
  );
  const approximations = least.length === LEAST_PERSONS ? [ESTIMATED_PEOPLE] : [];
  return { answer: { units, people: personsApart ? people : personsOf(least), events, approximations }, costs };
};

/** Counts what is behind a number. */
export const countLines = async (
  deps: Deps,
  caller: Caller,
  { sql, sliced }: BehindLines,
  signal: AbortSignal | undefined,
): Promise<Read<CountedLines>> => {
  if (sliced !== undefined) return countSlices(deps, caller, sliced, signal);
  const { behindCountsStatement, behindCountsOf } = deps.statements;
  const statement = behindCountsStatement(sql);
  const { rows, statistics } = await deps.eventStore.query(caller, statement, behindCountsOf, optionsOf(signal));
  return {
    answer: { ...(rows[0] ?? { units: 0, people: 0, events: 0 }), approximations: [] },
    costs: [statistics],
  };
};

/** The places of a page of the events behind a number, newest first, and one more: of many those of each slice, and of these. */
export const placesOfLines = async (
  deps: Deps,
  caller: Caller,
  { sql, sliced }: BehindLines,
  page: BehindEventsPage,
  signal: AbortSignal | undefined,
): Promise<Read<readonly BehindPlace[]>> => {
  const { behindEventsStatement, behindPlaceOf } = deps.statements;
  if (sliced === undefined) {
    const statement = behindEventsStatement(sql, page);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindPlaceOf, optionsOf(signal));
    return { answer: rows, costs: [statistics] };
  }
  let answer: readonly BehindPlace[] = [];
  const costs = await eachSlice(
    ...([deps, caller, sliced] as const),
    { statement: (slice) => behindEventsStatement(slice, page), parse: behindPlaceOf },
    (rows) => {
      answer = newestPlaces(answer, rows, page.first + 1);
    },
    signal,
  );
  return { answer, costs };
};

type Person = BehindPerson & { readonly key: string };

/** A page of the people of slices, with their ids, which are looked up for those that are shown alone. */
const peopleOfSlices = async (
  deps: Deps,
  caller: Caller,
  sliced: SlicedLines,
  page: PeoplePage,
  signal: AbortSignal | undefined,
): Promise<Read<readonly Person[]>> => {
  const { behindSlicePeopleStatement, behindSlicePersonOf, personIdsStatement, personIdsOf } = deps.statements;
  let found: readonly CountedPerson[] = [];
  const costs = await eachSlice(
    ...([deps, caller, sliced] as const),
    { statement: (slice) => behindSlicePeopleStatement(slice, page), parse: behindSlicePersonOf },
    (rows) => {
      found = firstPersons(found, rows, page.first + 1);
    },
    signal,
  );
  if (found.length === 0) return { answer: [], costs };
  const statement = personIdsStatement(
    found.map(({ key }) => key),
    caller.tenantId,
  );
  const named = await deps.eventStore.query(caller, statement, personIdsOf, optionsOf(signal));
  const ids = new Map(named.rows.map(({ key, ...own }) => [key, own]));
  const nobody = { userId: null, anonymousId: null };
  return {
    answer: found.map(({ key, events, first, last }) => ({
      ...{ key, events, ...(ids.get(key) ?? nobody) },
      ...{ firstEventId: first?.key ?? null, lastEventId: last?.key ?? null },
    })),
    costs: [...costs, named.statistics],
  };
};

/** A page of the people behind a number by the store's own number, and one more. */
export const peopleOfLines = async (
  deps: Deps,
  caller: Caller,
  { sql, sliced }: BehindLines,
  page: PeoplePage,
  signal: AbortSignal | undefined,
): Promise<Read<readonly Person[]>> => {
  if (sliced !== undefined) return peopleOfSlices(deps, caller, sliced, page, signal);
  const { behindPeopleStatement, behindPersonOf } = deps.statements;
  const statement = behindPeopleStatement(sql, page, caller.tenantId);
  const { rows, statistics } = await deps.eventStore.query(caller, statement, behindPersonOf, optionsOf(signal));
  return { answer: rows, costs: [statistics] };
};
