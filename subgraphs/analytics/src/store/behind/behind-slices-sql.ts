import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { PeoplePage } from "../../domain/behind/behind-page.ts";
import type { CountedPerson } from "../../domain/behind/slices-together.ts";
import { createParams } from "../params.ts";
import type { BehindSql } from "./behind-sql.ts";

/** One row: how many units, people and events there are in a slice, and the numbers of at most so many people, the least. */
export const behindSliceCountsStatement = (behind: BehindSql, persons: number): StoreStatement => {
  const params = createParams();
  const people = "uniqExactIf(person, person != 0) AS people";
  const least = `arrayMap(one -> toString(one), arraySlice(arraySort(groupUniqArrayIf(person, person != 0)), 1, ${params.place("UInt64", persons)})) AS persons`;
  const told = persons === 0 ? "CAST([], 'Array(String)') AS persons" : least;
  const text = `SELECT uniqExact(unit) AS units, ${people}, uniqExact(id) AS events, ${told} FROM (${behind(params)})`;
  return { name: "behind-slice-counts", text, params: params.values };
};

const number = z.coerce.number();
const countsRow = z.object({
  ...{ units: number, people: number, events: number },
  persons: z.array(z.string().transform(BigInt)),
});
/** Reads the row of {@link behindSliceCountsStatement}. */
export const behindSliceCountsOf = (row: unknown) => countsRow.parse(row);

/** A page of the people of a slice by the store's own number, and one more, each with how many events of theirs are in it, and the first and the last of them. */
export const behindSlicePeopleStatement = (behind: BehindSql, page: PeoplePage): StoreStatement => {
  const params = createParams();
  const place = (choose: string) =>
    `tupleElement(${choose}((at, id)), 1) AS ${choose}_at, toString(tupleElement(${choose}((at, id)), 2)) AS ${choose}_id`;
  const text =
    `SELECT toString(person) AS key, uniqExact(id) AS events, ${place("min")}, ${place("max")} FROM (${behind(params)}) ` +
    `WHERE person > toUInt64(${params.place("String", page.after)}) GROUP BY person ORDER BY person LIMIT ${params.place("UInt64", page.first + 1)}`;
  return { name: "behind-slice-people", text, params: params.values };
};

const personRow = z
  .object({ key: z.string(), events: number, min_at: number, min_id: z.string(), max_at: number, max_id: z.string() })
  .transform(({ key, events, min_at, min_id, max_at, max_id }): CountedPerson => ({
    ...{ key, events },
    ...{ first: { timeMs: min_at, key: min_id }, last: { timeMs: max_at, key: max_id } },
  }));
/** Reads a row of {@link behindSlicePeopleStatement}. */
export const behindSlicePersonOf = (row: unknown): CountedPerson => personRow.parse(row);

/** The ids of some people by the store's own numbers, as events that may be seen have them. */
export const personIdsStatement = (keys: readonly string[], tenantId: string): StoreStatement => {
  const params = createParams();
  const text =
    "SELECT toString(person) AS key, max(user_id) AS user_id, max(anonymous_id) AS anonymous_id FROM events " +
    `WHERE tenant_id = ${params.place("String", tenantId)} AND person IN (SELECT toUInt64(arrayJoin(${params.place("Array(String)", keys)}))) GROUP BY person`;
  return { name: "behind-person-ids", text, params: params.values };
};

const given = (text: string): string | null => (text === "" ? null : text);
const idsRow = z
  .object({ key: z.string(), user_id: z.string(), anonymous_id: z.string() })
  .transform(({ key, user_id, anonymous_id }) => ({
    ...{ key, userId: given(user_id), anonymousId: given(anonymous_id) },
  }));
/** Reads a row of {@link personIdsStatement}. */
export const personIdsOf = (row: unknown) => idsRow.parse(row);
