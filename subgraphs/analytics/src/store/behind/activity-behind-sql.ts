import type { ActivityBehind } from "../../domain/behind/activity-cell.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import type { Members } from "../../domain/members.ts";
import { placeOf, readSql } from "../activity-sql.ts";
import { momentSql } from "../time-sql.ts";
import type { Params } from "../params.ts";
import type { Scope } from "../retention-sql.ts";
import type { BehindSql } from "./behind-sql.ts";

const inRange = ({ fromMs, toMs }: TimeRange, params: Params): string =>
  `time >= ${momentSql(fromMs, params)} AND time < ${momentSql(toMs, params)}`;

/** The units of a state in the period at a place: those whose first event of all time, and whose periods, say so. */
const unitsOfState = (
  { query, cell }: ActivityBehind,
  place: number,
  { scope, members }: { readonly scope: Scope; readonly members: Members | null },
  params: Params,
): string => {
  const { key, from } = readSql(
    ...([
      query,
      { fromMs: scope.rules.everythingSinceMs, toMs: query.reach.toMs },
      scope,
      members,
      params,
      "events",
    ] as const),
  );
  const startMs = query.calendar.startsMs[place] ?? query.calendar.endMs;
  const beforeMs = query.calendar.startsMs[place - 1] ?? startMs;
  const endMs = query.calendar.startsMs[place + 1] ?? query.calendar.endMs;
  const active = `countIf(${inRange({ fromMs: startMs, toMs: endMs }, params)}) > 0`;
  const before = `countIf(${inRange({ fromMs: beforeMs, toMs: startMs }, params)}) > 0`;
  const isNew = `min(time) >= ${momentSql(startMs, params)}`;
  const held = {
    FRESH: `${active} AND ${isNew}`,
    RETURNING: `${active} AND ${before}`,
    RESURRECTING: `${active} AND NOT ${before} AND NOT ${isNew}`,
    DORMANT: `NOT ${active} AND ${before}`,
  }[cell.kind === "LIFECYCLE" ? cell.state : "FRESH"];
  return `SELECT ${key} AS unit FROM ${from} GROUP BY unit HAVING ${held}`;
};

/** The events by which the units of a number about activity were active: for DORMANT those of the period before. */
export const activityBehindSql =
  (behind: ActivityBehind, scope: Scope, members: Members | null): BehindSql =>
  (params) => {
    const { query, cell } = behind;
    const range = cell.kind === "STICKINESS" ? query.reach : cell.events;
    const { key, from } = readSql(query, range, scope, members, params, "events");
    const lines = `SELECT ${key} AS unit, person, toUnixTimestamp64Milli(time) AS at, event_id AS id FROM ${from}`;
    switch (cell.kind) {
      case "ACTIVE":
        return lines;
      case "LIFECYCLE":
        return `SELECT * FROM (${lines}) WHERE unit IN (${unitsOfState(behind, cell.place, { scope, members }, params)})`;
      case "STICKINESS": {
        const minimum = params.place("UInt64", query.minimum);
        const place = placeOf(query, params);
        const active = `SELECT ${key} AS unit, ${place} AS place FROM ${from} GROUP BY unit, place HAVING count() >= ${minimum}`;
        const periods = `count() ${cell.orMore ? ">=" : "="} ${params.place("UInt64", cell.periods)}`;
        const units = `SELECT unit FROM (${active}) GROUP BY unit HAVING ${periods}`;
        const placed = `SELECT ${key} AS unit, person, toUnixTimestamp64Milli(time) AS at, event_id AS id, ${place} AS place FROM ${from}`;
        return `SELECT unit, person, at, id FROM (${placed}) WHERE unit IN (${units}) AND (unit, place) IN (${active})`;
      }
    }
  };
