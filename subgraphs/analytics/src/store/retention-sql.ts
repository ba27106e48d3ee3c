import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { BehaviourRules } from "../domain/behaviour-rules.ts";
import type { Field } from "../domain/fields.ts";
import type { RetentionQuery } from "../domain/retention.ts";
import { anyNameSql, behaviourRange, matcherSql, unitSql } from "./behaviour-sql.ts";
import { columnSql, propertyNumber, propertyText } from "./field-sql.ts";
import { createParams, type Params } from "./params.ts";

/** People that a question is held to, as a statement that gives `person`; null for everybody. */
export type MembersSql = ((params: Params) => string) | null;

/** Beyond every period there is: the end of a column that later periods count for. */
const NO_END = 1_000_000;

const dimensionSql = (field: Field, params: Params): string =>
  field.kind === "PROPERTY"
    ? `ifNull(${propertyText(field.path, params)}, '')`
    : `toString(${columnSql(field, params)})`;

/** The value of an event in ten-thousandths; 0 where it has none. */
const valueSql = ({ value }: RetentionQuery, params: Params): string => {
  if (value === null) return "toInt128(0)";
  if (value.field.kind === "PROPERTY")
    return `toInt128(round(ifNull(${propertyNumber(value.field.path, params)}, 0) * 10000))`;
  const scaled = "toInt128(toDecimal128(ifNull(revenue, 0), 4) * 10000)";
  return value.currency === null
    ? scaled
    : `if(currency = ${params.place("String", value.currency)}, ${scaled}, toInt128(0))`;
};

/** Place of a moment's calendar period, from 0; before the first and after the last it is that of the nearest. */
const placeSql = (ms: string, startsMs: readonly number[], params: Params): string =>
  `toInt32(transform(roundDown(${ms}, ${params.place("Array(Int64)", startsMs)}), ${params.place("Array(Int64)", startsMs)}, ` +
  `${params.place(
    "Array(Int64)",
    startsMs.map((_start, place) => place),
  )}, toInt64(0)))`;

/** Per unit: its starts, each as (time, sequence, dimensions), and its return events as (time, value). */
const unitsSql = (query: RetentionQuery, members: MembersSql, scope: Scope, params: Params): string => {
  const { table } = scope.rules.retentionSource(query, scope.policy);
  const { key, present } = unitSql(query.unit, params);
  const fromMs = query.startAt === "FIRST_EVER" ? scope.rules.everythingSinceMs : query.range.fromMs;
  const at = "toUnixTimestamp64Milli(time)";
  const begins = matcherSql(query.start, params);
  const dimensions = `[${query.splitBy.map((field) => dimensionSql(field, params)).join(", ")}]::Array(String)`;
  const start = `(${at}, sequence, ${dimensions})`;
  const inRange = `${at} >= ${params.place("Int64", query.range.fromMs)} AND ${at} < ${params.place("Int64", query.range.toMs)}`;
  const starts =
    query.startAt === "EVERY"
      ? `mapValues(minMapIf(map(${placeSql(at, query.rows.startsMs, params)}, ${start}), ${begins} AND ${inRange}))`
      : `[minIf(${start}, ${begins}${query.startAt === "FIRST_EVER" ? "" : ` AND ${inRange}`})]`;
  const where = [
    behaviourRange(table, { fromMs, toMs: Math.max(query.asOfMs, fromMs) }, scope.tenantId, params),
    present,
    ...anyNameSql([query.start, query.returning], params),
    `(${begins} OR ${matcherSql(query.returning, params)})`,
    ...(members === null ? [] : [`person IN (${members(params)})`]),
  ];
  return (
    `SELECT ${key} AS unit, ${starts} AS starts, ` +
    `groupArrayIf((${at}, ${valueSql(query, params)}), ${matcherSql(query.returning, params)}) AS returns ` +
    `FROM ${table} WHERE ${where.join(" AND ")} GROUP BY unit HAVING countIf(${begins}${
      query.startAt === "FIRST_EVER" ? "" : ` AND ${inRange}`
    }) > 0`
  );
};

/** For whom a statement is written, and by which rules. */
export interface Scope {
  readonly rules: BehaviourRules;
  readonly tenantId: string;
  readonly policy: DataPolicy | null;
}

const periodSql = (query: RetentionQuery, at: string, { rules }: Scope, params: Params): string =>
  query.clock === "CALENDAR"
    ? `${placeSql(at, query.calendar.startsMs, params)} - ${placeSql("start.1", query.calendar.startsMs, params)}`
    : `toInt32(intDiv(${at} - start.1, ${params.place("Int64", rules.elapsedMs(query.period))}))`;

/** 1 by column for a start whose periods had all ended. */
const eligibleSql = (query: RetentionQuery, { rules }: Scope, params: Params): string => {
  const ends = params.place(
    "Array(Int64)",
    query.columns.map(({ to }) => to),
  );
  const asOf = params.place("Int64", query.asOfMs);
  if (query.clock === "ELAPSED") {
    const length = params.place("Int64", rules.elapsedMs(query.period));
    return `arrayMap(to -> toUInt8(start.1 + to * ${length} <= ${asOf}), ${ends})`;
  }
  const moments = params.place("Array(Int64)", [...query.calendar.startsMs, query.calendar.endMs]);
  const place = placeSql("start.1", query.calendar.startsMs, params);
  return `arrayMap(to -> toUInt8(${moments}[${place} + to + 1] <= ${asOf}), ${ends})`;
};

const insideSql = (query: RetentionQuery, { rules }: Scope, params: Params, cumulative: boolean): string => {
  const counted = query.columns.map((column) =>
    cumulative ? { from: 0, to: column.to } : rules.countedPeriods(query.kind, column),
  );
  const froms = params.place(
    "Array(Int64)",
    counted.map(({ from }) => from),
  );
  const ends = params.place(
    "Array(Int64)",
    counted.map(({ to }) => to ?? NO_END),
  );
  return `arrayMap((low, high) -> toUInt8(period >= low AND period < high), ${froms}, ${ends})`;
};

/**
 * One line per calendar period of starts and group: `row`, `dimensions`, `size`, and by column `eligible`, `returned`, `so_far`, `worth` and
 * `worth_so_far`, the last two in ten-thousandths as text.
 */
export const retentionStatement = (
  query: RetentionQuery,
  scope: Scope,
  members: MembersSql,
  maxLines: number,
): StoreStatement => {
  const params = createParams();
  const inRange = `start.1 >= ${params.place("Int64", query.range.fromMs)} AND start.1 < ${params.place("Int64", query.range.toMs)}`;
  const perEvent =
    `SELECT unit, start, event.1 AS at, event.2 AS one_worth FROM (` +
    `SELECT unit, start, arrayJoin(if(empty(later), [(toInt64(-1), toInt128(0))], later)) AS event FROM (` +
    `SELECT unit, start, arrayFilter(event -> event.1 >= start.1, returns) AS later FROM (` +
    `SELECT unit, arrayJoin(starts) AS start, returns FROM (${unitsSql(query, members, scope, params)})) WHERE ${inRange}))`;
  const byPeriod =
    `SELECT unit, start, if(at < 0, toInt32(-1), ${periodSql(query, "at", scope, params)}) AS period, countIf(at >= 0) AS times, sum(one_worth) AS worth ` +
    `FROM (${perEvent}) GROUP BY unit, start, period`;
  const byStart =
    `SELECT unit, start, sumForEach(arrayMap(inside -> toUInt64(inside * times), ${insideSql(query, scope, params, false)})) AS counts, ` +
    `sumForEach(arrayMap(inside -> inside * worth, ${insideSql(query, scope, params, false)})) AS worths, ` +
    `sumForEach(arrayMap(inside -> inside * worth, ${insideSql(query, scope, params, true)})) AS worths_so_far ` +
    `FROM (${byPeriod}) GROUP BY unit, start`;
  const lines =
    `SELECT ${placeSql("start.1", query.rows.startsMs, params)} AS row, start.3 AS dimensions, count() AS size, sumForEach(ended) AS eligible, ` +
    `sumForEach(arrayMap((one, times) -> toUInt64(one AND times >= ${params.place("UInt64", query.minimum)}), ended, counts)) AS returned, ` +
    `sumForEach(arrayMap(times -> toUInt64(times >= ${params.place("UInt64", query.minimum)}), counts)) AS so_far, ` +
    `sumForEach(arrayMap((one, value) -> one * value, ended, worths)) AS worth, ` +
    `sumForEach(arrayMap((one, value) -> one * value, ended, worths_so_far)) AS worth_so_far ` +
    `FROM (SELECT start, counts, worths, worths_so_far, ${eligibleSql(query, scope, params)} AS ended FROM (${byStart})) GROUP BY row, dimensions`;
  return {
    name: "retention",
    text:
      `SELECT row, dimensions, toUInt64(size) AS size, eligible, returned, so_far, arrayMap(x -> toString(x), worth) AS worth, ` +
      `arrayMap(x -> toString(x), worth_so_far) AS worth_so_far FROM (${lines}) ORDER BY row, dimensions LIMIT ${params.place("UInt64", maxLines)}`,
    params: params.values,
  };
};
