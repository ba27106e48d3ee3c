import type { RetentionBehind, RetentionCell } from "../../domain/behind/retention-cell.ts";
import type { RetentionQuery } from "../../domain/retention.ts";
import type { Members } from "../../domain/members.ts";
import { anyNameSql, behaviourRange, matcherSql, unitSql } from "../behaviour-sql.ts";
import type { Params } from "../params.ts";
import { amongSql } from "../member-sql.ts";
import { dimensionSql, placeSql, type Scope } from "../retention-sql.ts";
import { momentSql } from "../time-sql.ts";
import type { BehindSql } from "./behind-sql.ts";

/** Each event that may be a start or a return, with which it is. */
const eventsSql = (query: RetentionQuery, members: Members | null, scope: Scope, params: Params): string => {
  const { key, present } = unitSql(query.unit, params);
  const ever = query.startAt === "FIRST_EVER";
  const fromMs = ever ? scope.rules.everythingSinceMs : query.range.fromMs;
  const begins = matcherSql(query.start, params);
  const where = [
    behaviourRange("events", { fromMs, toMs: Math.max(query.asOfMs, fromMs) }, scope.tenantId, params),
    present,
    ...anyNameSql([query.start, query.returning], params),
    "(begins OR back)",
    ...(members === null ? [] : [amongSql(members, params)]),
  ];
  const columns = [
    `${key} AS unit, toUnixTimestamp64Milli(time) AS at, sequence, event_id AS id, person`,
    `${ever ? begins : `(${begins} AND time < ${momentSql(query.range.toMs, params)})`} AS begins`,
    `${matcherSql(query.returning, params)} AS back`,
    ...query.splitBy.map((field, index) => `${dimensionSql(field, params)} AS d${index}`),
  ];
  return `SELECT ${columns.join(", ")} FROM events WHERE ${where.join(" AND ")}`;
};

/** Each start with its event and the return events of its unit; of starts that retention can't tell apart the one with the lowest id. */
const startsSql = (query: RetentionQuery, members: Members | null, scope: Scope, params: Params): string => {
  const letters = query.splitBy.map((_field, index) => `d${index}`);
  const one = `(at, sequence, (${["''", ...letters].join(", ")}), id, person)`;
  const events = eventsSql(query, members, scope, params);
  // A unit begins once in each row of EVERY.
  const row = query.startAt === "EVERY" ? placeSql("at", query.rows.startsMs, params) : "0";
  const begun = `SELECT unit, ${row} AS begun, min(${one}) AS first FROM (${events}) WHERE begins GROUP BY unit, begun`;
  const back = `SELECT unit, groupArray((at, id, person)) AS backs FROM (${events}) WHERE back GROUP BY unit`;
  return (
    "SELECT b.unit AS unit, first.1 AS start, first.3 AS letters, first.4 AS id, first.5 AS person, r.backs AS backs " +
    `FROM (${begun}) AS b LEFT JOIN (${back}) AS r ON r.unit = b.unit`
  );
};

/** Whether a start's periods have ended. */
const eligibleSql = (query: RetentionQuery, cell: RetentionCell, { rules }: Scope, params: Params): string =>
  query.clock === "CALENDAR"
    ? `row IN ${params.place("Array(Int64)", cell.endedRows)}`
    : `intDiv(${params.place("Int64", query.asOfMs)} - start, ${params.place("Int64", rules.elapsedMs(query.period))}) >= ${params.place("Int64", cell.elapsed)}`;

/** The return events that count, by the periods they lie in. */
const countedSql = (query: RetentionQuery, { from, to }: RetentionCell, { rules }: Scope, params: Params): string => {
  const period =
    query.clock === "CALENDAR"
      ? `${placeSql("e.1", query.calendar.startsMs, params)} - row`
      : `intDiv(e.1 - start, ${params.place("Int64", rules.elapsedMs(query.period))})`;
  const until = to === null ? "" : ` AND ${period} < ${params.place("Int64", to)}`;
  return `arrayFilter(e -> e.1 >= start AND ${period} >= ${params.place("Int64", from)}${until}, backs)`;
};

/** The events of the starts a number of retention counts: those by which they came back, for the others the one that began. */
export const retentionBehindSql =
  ({ query, cell }: RetentionBehind, scope: Scope, members: Members | null): BehindSql =>
  (params) => {
    const rows = `SELECT *, ${placeSql("start", query.rows.startsMs, params)} AS row FROM (${startsSql(query, members, scope, params)})`;
    const eligible = eligibleSql(query, cell, scope, params);
    const told = `SELECT *, ${countedSql(query, cell, scope, params)} AS counted, length(counted) >= ${params.place("UInt64", query.minimum)} AS came, ${eligible} AS eligible FROM (${rows})`;
    const { fromMs, toMs } = query.range;
    const held = {
      STARTED: "1",
      ELIGIBLE: "eligible",
      RETURNED: "eligible AND came",
      NOT_RETURNED: "eligible AND NOT came",
      RETURNED_SO_FAR: "came",
    }[cell.outcome];
    const where = [
      `start >= ${params.place("Int64", fromMs)} AND start < ${params.place("Int64", toMs)}`,
      `row IN ${params.place("Array(Int64)", cell.rows)}`,
      ...(cell.dimensions ?? []).map((value, index) => `letters.${index + 2} = ${params.place("String", value)}`),
      held,
    ];
    const shown =
      cell.outcome === "RETURNED" || cell.outcome === "RETURNED_SO_FAR" ? "counted" : "[(start, id, person)]";
    return (
      "SELECT unit, event.3 AS person, event.1 AS at, event.2 AS id FROM (" +
      `SELECT (unit, row) AS unit, arrayJoin(${shown}) AS event FROM (${told}) WHERE ${where.join(" AND ")})`
    );
  };
