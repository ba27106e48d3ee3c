import type { Reading, ReadBy } from "../../domain/change/reading.ts";
import { anyNameSql, behaviourRange, matcherSql, unitSql, type EventsSource } from "../behaviour-sql.ts";
import { amongSql } from "../member-sql.ts";
import type { Params } from "../params.ts";
import { entryColumns, entrySql } from "./entry-sql.ts";

type Activity = Extract<Reading, { readonly kind: "STICKINESS" | "ACTIVE" | "LIFECYCLE" }>;

/** Events of an activity: rows of `unit`, `place` in the calendar, and `e`, the event. What lies before the calendar is at place 0. */
const rowsSql = (reading: Activity, source: EventsSource, { fields }: ReadBy, params: Params): string => {
  const { key, present } = unitSql(reading.unit, params);
  const starts = params.place("Array(Int64)", reading.startsMs);
  const places = params.place(
    "Array(Int64)",
    reading.startsMs.map((_start, place) => place),
  );
  const where = [
    behaviourRange(source.table, source.reach, source.tenantId, params),
    present,
    ...anyNameSql([reading.event], params),
    matcherSql(reading.event, params),
    ...(reading.members === null ? [] : [amongSql(reading.members, params)]),
  ];
  return (
    `SELECT ${key} AS unit, transform(roundDown(toUnixTimestamp64Milli(time), ${starts}), ${starts}, ${places}, toInt64(0)) AS place, ` +
    `${entrySql(fields, params)} AS e FROM ${source.table} WHERE ${where.join(" AND ")}`
  );
};

/** What units add, each of which is one of those looked at, and by what it is one of those that are counted. */
const told = (value: string, by: ReadBy, counts: string): string =>
  `SELECT toFloat64(${value}) AS value, toFloat64(1) AS base, toFloat64(${counts}) AS units, toFloat64(1) AS seen, ${counts} AS counts, ${entryColumns("began", by.fields)}`;

/** Each event at every period it may count for, one of some places. */
const forEach = (rows: string, places: readonly number[], counts: string, params: Params): string =>
  `SELECT unit, place, e, arrayJoin(arrayFilter(p -> ${counts}, ${params.place("Array(Int64)", places)})) AS period FROM (${rows})`;

/** What a unit at a period must be to count, of how many events it has in the period (`here`), in the one before (`last`) and in any before (`ever`). */
const LIVES = {
  fresh: "here > 0 AND ever = 0",
  returning: "here > 0 AND last > 0",
  resurrecting: "here > 0 AND ever > 0 AND last = 0",
  dormant: "here = 0 AND last > 0",
} as const;

/** Units of an activity, each with the first event by which it counts. */
export const activityReadingsSql = (reading: Activity, source: EventsSource, by: ReadBy, params: Params): string => {
  const rows = rowsSql(reading, source, by, params);
  switch (reading.kind) {
    case "STICKINESS": {
      const active = `SELECT unit, place, min(e) AS first FROM (${rows}) GROUP BY unit, place HAVING count() >= ${params.place("UInt64", reading.minimum)}`;
      const units = `SELECT unit, count() AS periods, min(first) AS began FROM (${active}) GROUP BY unit`;
      return `${told(reading.number === "mean" ? "periods" : "1", by, "1")} FROM (${units})`;
    }
    case "ACTIVE": {
      const counts = `p >= place AND p < place + ${params.place("Int64", reading.days)}`;
      const units = `SELECT unit, period, min(e) AS began, max(place = period) AS today FROM (${forEach(rows, reading.places, counts, params)}) GROUP BY unit, period`;
      return `${told(reading.number === "ratio" ? "today" : "1", by, "1")} FROM (${units})`;
    }
    case "LIFECYCLE": {
      // Who comes back after the first period of the calendar was there in it: what lies before that is at its place as well.
      const before = `place = period - 1 AND e.1 >= ${params.place("Int64", reading.startsMs[0] ?? 0)}`;
      const firsts = [
        `if(here > 0, minIf(e, place = period), minIf(e, ${before}))`,
        `if(last > 0, minIf(e, ${before}), minIf(e, place = period))`,
      ];
      const units =
        `SELECT unit, period, countIf(place = period) AS here, countIf(${before}) AS last, countIf(place < period) AS ever, ${firsts[reading.number === "dormant" ? 1 : 0]} AS began ` +
        `FROM (${forEach(rows, reading.places, "p >= place", params)}) GROUP BY unit, period`;
      const lives = LIVES[reading.number];
      return `${told(lives, by, lives)} FROM (${units}) WHERE here > 0 OR last > 0`;
    }
  }
};
