import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { BehindEventsPage, PeoplePage } from "../../domain/behind/behind-page.ts";
import type { CellEvents } from "../../domain/cell.ts";
import type { AnalyticQuery } from "../../domain/query.ts";
import { conditionSql } from "../condition-sql.ts";
import { behaviourRange } from "../behaviour-sql.ts";
import { linesOfEvents, type LineChoice } from "../olap-sql.ts";
import { createParams, type Params } from "../params.ts";

/**
 * Writes what is behind a number as a statement that gives a line for each event: `unit` (what the number counts), `person`, `at` (milliseconds) and `id`, both null
 * in lines of units that have no event; its values are placed among those of the statement it stands in.
 */
export type BehindSql = (params: Params) => string;

/** Some groups of a question: which lines of its dimensions are let through. */
export interface GroupLines {
  readonly query: AnalyticQuery;
  readonly lines: LineChoice;
}

/** The events that the cell of an `olap` answer was computed from; `groups` lets only those of some through. */
export const olapBehindSql =
  ({ range, filter }: Pick<CellEvents, "range" | "filter">, tenantId: string, groups: GroupLines | null): BehindSql =>
  (params) => {
    const where = [
      behaviourRange("events", range, tenantId, params),
      ...(filter === null ? [] : [conditionSql(filter, params)]),
      ...(groups === null ? [] : linesOfEvents(groups.query, groups.lines, params)),
    ];
    return `SELECT nullIf(person, 0) AS unit, person, toUnixTimestamp64Milli(time) AS at, event_id AS id FROM events WHERE ${where.join(" AND ")}`;
  };

/** Some events by their ids, which the id index finds. */
export const eventsBehindSql =
  (ids: readonly string[], tenantId: string): BehindSql =>
  (params) => {
    const tenant = `tenant_id = ${params.place("String", tenantId)}`;
    const wanted = `event_id IN ${params.place("Array(UUID)", ids)}`;
    return (
      "SELECT nullIf(person, 0) AS unit, person, toUnixTimestamp64Milli(time) AS at, event_id AS id FROM events WHERE " +
      `${tenant} AND ${wanted} AND (toStartOfHour(time), name, person) IN (SELECT toStartOfHour(time), name, person FROM event_ids WHERE ${tenant} AND ${wanted})`
    );
  };

/** One row: how many units, people and events there are; events of nobody known are of no person, an event of several units is one. */
export const behindCountsStatement = (behind: BehindSql): StoreStatement => {
  const params = createParams();
  const text = `SELECT uniqExact(unit) AS units, uniqExactIf(person, person != 0) AS people, uniqExact(id) AS events FROM (${behind(params)})`;
  return { name: "behind-counts", text, params: params.values };
};

const countsRow = z.object({ units: z.coerce.number(), people: z.coerce.number(), events: z.coerce.number() });
/** Reads the row of {@link behindCountsStatement}. */
export const behindCountsOf = (row: unknown) => countsRow.parse(row);

/** The places of a page of events, newest first, and one more to tell whether it goes on. */
export const behindEventsStatement = (behind: BehindSql, { first, after }: BehindEventsPage): StoreStatement => {
  const params = createParams();
  const older =
    after === null
      ? ""
      : ` AND (at, id) < (${params.place("Int64", after.timeMs)}, ${params.place("UUID", after.key)})`;
  const limit = params.place("UInt64", first + 1);
  const text = `SELECT at, toString(id) AS key FROM (${behind(params)}) WHERE id IS NOT NULL${older} GROUP BY at, id ORDER BY at DESC, id DESC LIMIT ${limit}`;
  return { name: "behind-events", text, params: params.values };
};

const placeRow = z.object({ at: z.coerce.number(), key: z.string() }).transform(({ at, key }) => ({ timeMs: at, key }));
/** Reads a row of {@link behindEventsStatement}. */
export const behindPlaceOf = (row: unknown) => placeRow.parse(row);

/** What the events of one person behind a number are. */
const OF_PERSON = "person, uniqExact(id) AS events, argMin(id, (at, id)) AS first_id, argMax(id, (at, id)) AS last_id";

/**
 * A page of people by the store's own number, each with an id of the events that may be seen, how many events behind the number are theirs, and the first and
 * the last of them; and one row more to tell whether it goes on.
 */
export const behindPeopleStatement = (behind: BehindSql, page: PeoplePage, tenantId: string): StoreStatement => {
  const params = createParams();
  const people =
    `SELECT ${OF_PERSON} FROM (${behind(params)}) WHERE person > toUInt64(${params.place("String", page.after)}) ` +
    `GROUP BY person ORDER BY person LIMIT ${params.place("UInt64", page.first + 1)}`;
  return {
    name: "behind-people",
    text:
      `WITH people AS (${people}) SELECT toString(p.person) AS key, p.events AS events, toString(p.first_id) AS first_id, toString(p.last_id) AS last_id, ` +
      "e.user_id AS user_id, e.anonymous_id AS anonymous_id FROM people AS p LEFT JOIN (" +
      `SELECT person, max(user_id) AS user_id, max(anonymous_id) AS anonymous_id FROM events WHERE tenant_id = ${params.place("String", tenantId)} ` +
      "AND person IN (SELECT person FROM people) GROUP BY person) AS e ON e.person = p.person ORDER BY p.person",
    params: params.values,
  };
};

const given = (text: string): string | null => (text === "" ? null : text);
const personRow = z
  .object({
    ...{ key: z.string(), events: z.coerce.number(), first_id: z.string().nullable(), last_id: z.string().nullable() },
    ...{ user_id: z.string(), anonymous_id: z.string() },
  })
  .transform(({ key, events, first_id, last_id, user_id, anonymous_id }) => ({
    ...{ key, events, firstEventId: first_id, lastEventId: last_id },
    ...{ userId: given(user_id), anonymousId: given(anonymous_id) },
  }));
/** Reads a row of {@link behindPeopleStatement}. */
export const behindPersonOf = (row: unknown) => personRow.parse(row);
