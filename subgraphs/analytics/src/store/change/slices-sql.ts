import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Reading, ReadBy } from "../../domain/change/reading.ts";
import type { EventsSource } from "../behaviour-sql.ts";
import { createParams, type Params } from "../params.ts";
import type { ReadingBy } from "./entry-sql.ts";
import { activityReadingsSql } from "./activity-readings-sql.ts";
import { creditReadingsSql } from "./credit-readings-sql.ts";
import { entityReadingsSql, expectationReadingsSql, memberReadingsSql, peakReadingsSql } from "./event-readings-sql.ts";
import { sessionReadingsSql } from "./session-readings-sql.ts";
import { valueReadingsSql } from "./value-readings-sql.ts";

/**
 * Units with what each adds to a number: rows of `value`, `base`, `units`, `seen`, whether the unit is one that is told of (`counts`), the moment `at` of the event it is told apart by, `d0`, `d1` … of its fields, and but for
 * activities whom it concerns (`who`) and with how much money (`spent`).
 */
const readingsSql = (reading: Reading, source: EventsSource, by: ReadingBy, params: Params): string => {
  switch (reading.kind) {
    case "STICKINESS":
    case "ACTIVE":
    case "LIFECYCLE":
      return activityReadingsSql(reading, source, by, params);
    case "EXPECTATION":
      return expectationReadingsSql(reading, source, by, params);
    case "ENTITIES":
      return entityReadingsSql(reading, source, by, params);
    case "PEAK":
      return peakReadingsSql(reading, source, by, params);
    case "SESSIONS":
      return sessionReadingsSql(reading, source, by, params);
    case "CREDITS":
      return creditReadingsSql(reading, source, by, params);
    case "VALUES":
      return valueReadingsSql(reading, source, by, params);
    case "MEMBERS":
      return memberReadingsSql(reading, source, by, params);
  }
};

const heldSql = ({ held }: ReadBy, params: Params): readonly string[] =>
  held.map((values, place) => `d${place} IN ${params.place("Array(String)", values)}`);

const where = (conditions: readonly string[]): string =>
  conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;

/** What units come to, all together and by each field that they are not held to, of each at most so many values, those of most units first; one more tells that there are more. */
export const slicesStatement = (reading: Reading, source: EventsSource, by: ReadBy, most: number): StoreStatement => {
  const params = createParams();
  const rows = `SELECT * FROM (${readingsSql(reading, source, { ...by, reach: false }, params)})${where(heldSql(by, params))}`;
  const parts = by.fields.flatMap((_field, place) =>
    place < by.held.length ? [] : [`(${place - by.held.length}, d${place})`],
  );
  const each = `arrayJoin([${["(-1, '')", ...parts].join(", ")}]) AS part`;
  const text =
    `SELECT toFloat64(k) AS field, v AS value_of, toFloat64(sum(value)) AS told, toFloat64(sum(base)) AS bases, toFloat64(sum(units)) AS many, toFloat64(sum(seen)) AS among ` +
    `FROM (SELECT value, base, units, seen, ${each}, toInt16(part.1) AS k, part.2 AS v FROM (${rows})) GROUP BY k, v ` +
    `ORDER BY k, greatest(many, among) DESC, v LIMIT ${params.place("UInt64", most + 1)} BY k`;
  return { name: `change-${reading.kind.toLowerCase()}`, text, params: params.values };
};

/** One row: whom and how much money the events of the counted units concern. */
export const reachStatement = (reading: Reading, source: EventsSource, by: ReadBy): StoreStatement => {
  const params = createParams();
  const rows = `SELECT * FROM (${readingsSql(reading, source, { ...by, reach: true }, params)})${where(heldSql(by, params))}`;
  const text =
    "SELECT toFloat64(uniqExactArrayIf(arrayFilter(one -> one != 0, who), counts)) AS people, toFloat64(sum(greatest(units, seen))) AS among, " +
    `mapApply((code, cents) -> (code, toFloat64(cents) / 10000), sumMapIf(spent, counts)) AS revenue FROM (${rows})`;
  return { name: `reach-${reading.kind.toLowerCase()}`, text, params: params.values };
};

/** Ids of events by which counted units are told apart, the last of the fields: the newest of each of some stretches of time, and as many of the newest of all. */
export const entriesStatement = (
  reading: Reading,
  source: EventsSource,
  by: ReadBy,
  edgesMs: readonly number[],
): StoreStatement => {
  const params = createParams();
  const conditions = [...heldSql(by, params), "counts"];
  const id = `d${by.fields.length - 1}`;
  const rows = `SELECT ${id} AS id, at FROM (${readingsSql(reading, source, { ...by, reach: false }, params)})${where(conditions)}`;
  const stretch = `roundDown(at, ${params.place("Array(Int64)", edgesMs)})`;
  const text =
    `SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY ${stretch} ORDER BY at DESC, id DESC) AS own, row_number() OVER (ORDER BY at DESC, id DESC) AS place FROM (${rows})) ` +
    `WHERE own = 1 OR place <= ${params.place("UInt64", edgesMs.length)}`;
  return { name: `entries-${reading.kind.toLowerCase()}`, text, params: params.values };
};
