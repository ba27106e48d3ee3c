import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { ActivityQuery } from "../domain/activity.ts";
import type { TimeRange } from "../domain/time-range.ts";
import type { Members } from "../domain/members.ts";
import { anyNameSql, behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { amongSql } from "./member-sql.ts";
import { createParams, type Params } from "./params.ts";
import type { Scope } from "./retention-sql.ts";

/** Place of an event's period in the calendar; those before it are of the first. */
export const placeOf = ({ calendar }: ActivityQuery, params: Params): string => {
  const starts = params.place("Array(Int64)", calendar.startsMs);
  const places = params.place(
    "Array(Int64)",
    calendar.startsMs.map((_start, place) => place),
  );
  return `transform(roundDown(toUnixTimestamp64Milli(time), ${starts}), ${starts}, ${places}, toInt64(0))`;
};

/** What is read from where, and by which period of the calendar: place 0 is the first. Only `events` tells which event is which. */
export const readSql = (
  query: ActivityQuery,
  range: TimeRange,
  scope: Scope,
  members: Members | null,
  params: Params,
  single?: "events",
) => {
  const table = single ?? scope.rules.sourceOf({ matchers: [query.event], unit: query.unit }, scope.policy).table;
  const { key, present } = unitSql(query.unit, params);
  const where = [
    behaviourRange(table, range, scope.tenantId, params),
    present,
    ...anyNameSql([query.event], params),
    matcherSql(query.event, params),
    ...(query.part.slice === null ? [] : sliceSql(query.unit, query.part.slice, params)),
    ...(members === null ? [] : [amongSql(members, params)]),
  ];
  return {
    key,
    place: placeOf(query, params),
    from: `${table} WHERE ${where.join(" AND ")}`,
  };
};

/** Lines of `periods` and `units`: how many units were active in exactly that many periods. */
export const stickinessStatement = (query: ActivityQuery, scope: Scope, members: Members | null): StoreStatement => {
  const params = createParams();
  const { key, place, from } = readSql(query, query.reach, scope, members, params);
  const perPeriod = `SELECT ${key} AS unit, ${place} AS place FROM ${from} GROUP BY unit, place HAVING count() >= ${params.place("UInt64", query.minimum)}`;
  return {
    name: "stickiness",
    text: `SELECT periods, count() AS units FROM (SELECT unit, count() AS periods FROM (${perPeriod}) GROUP BY unit) GROUP BY periods ORDER BY periods`,
    params: params.values,
  };
};

/**
 * Lines by place in the calendar of `fresh`, `returning`, `resurrecting` and `dormant`. A unit stands at its active periods, and at those after them,
 * where it may be missed. The whole history is read: who is new was never active before.
 */
export const lifecycleStatement = (query: ActivityQuery, scope: Scope, members: Members | null): StoreStatement => {
  const params = createParams();
  const range = { fromMs: scope.rules.everythingSinceMs, toMs: query.reach.toMs };
  const { key, place, from } = readSql(query, range, scope, members, params);
  const since = params.place("Int64", query.reach.fromMs);
  const units =
    `SELECT ${key} AS unit, min(toUnixTimestamp64Milli(time)) AS first_ms, ` +
    `groupUniqArrayIf(${place}, toUnixTimestamp64Milli(time) >= ${since}) AS places FROM ${from} GROUP BY unit`;
  const standing =
    "SELECT first_ms, places, arrayJoin(arrayDistinct(arrayConcat(places, arrayMap(p -> p + 1, places)))) AS place";
  // The first period of the calendar is only looked back at; its events may be of any time before, so that it tells of nothing itself.
  const starts = params.place("Array(Int64)", query.calendar.startsMs);
  return {
    name: "lifecycle",
    text:
      `SELECT place, countIf(active AND first_here) AS fresh, countIf(active AND NOT first_here AND before) AS returning, ` +
      `countIf(active AND NOT first_here AND NOT before) AS resurrecting, countIf(NOT active AND before) AS dormant FROM (` +
      `SELECT place, has(places, place) AS active, has(places, place - 1) AS before, first_ms >= ${starts}[place + 1] AS first_here FROM (` +
      `${standing} FROM (${units}))) ` +
      `WHERE place >= 1 AND place < ${params.place("Int64", query.calendar.startsMs.length)} GROUP BY place ORDER BY place`,
    params: params.values,
  };
};

/** Lines by place in the calendar of `daily`, `weekly` and `monthly`: units active on the day, and in the days that end with it. */
export const activeUsersStatement = (query: ActivityQuery, scope: Scope, members: Members | null): StoreStatement => {
  const params = createParams();
  const { key, place, from } = readSql(query, query.reach, scope, members, params);
  const within = (days: number): string => `arrayExists(p -> p > place - ${days} AND p <= place, places)`;
  const { week, month } = scope.rules.activeWindows;
  const units = `SELECT ${key} AS unit, groupUniqArray(${place}) AS places FROM ${from} GROUP BY unit`;
  const reached = `arrayDistinct(arrayFlatten(arrayMap(p -> range(toUInt64(p), toUInt64(p + ${month})), places)))`;
  return {
    name: "active-users",
    text:
      `SELECT place, countIf(has(places, place)) AS daily, countIf(${within(week)}) AS weekly, count() AS monthly ` +
      `FROM (SELECT places, toInt64(arrayJoin(${reached})) AS place FROM (${units})) ` +
      `WHERE place >= ${params.place("Int64", query.calendar.startsMs.length - query.buckets.startsMs.length)} ` +
      `AND place < ${params.place("Int64", query.calendar.startsMs.length)} GROUP BY place ORDER BY place`,
    params: params.values,
  };
};
