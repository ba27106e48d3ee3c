import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { BehaviourRules } from "../domain/behaviour-rules.ts";
import type { Field } from "../domain/field.ts";
import type { RetentionQuery } from "../domain/retention.ts";
import type { Members } from "../domain/members.ts";
import { anyNameSql, behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { columnSql } from "./condition-sql.ts";
import { amongSql } from "./member-sql.ts";
import { MOST_WORTH, propertyNumber, propertyText } from "./property-sql.ts";
import { createParams, type Params } from "./params.ts";
import { momentSql } from "./time-sql.ts";

/** The value of a field of an event as text; empty where it has none. */
export const dimensionSql = (field: Field, params: Params): string =>
  field.kind === "PROPERTY"
    ? `ifNull(${propertyText(field.path, params)}, '')`
    : `toString(${columnSql(field, params)})`;

/** The value of an event in ten-thousandths; 0 where it has none, or one that can't be added up. */
const valueSql = ({ value }: RetentionQuery, params: Params): string => {
  if (value === null) return "toInt128(0)";
  if (value.field.kind === "PROPERTY") {
    const number = `ifNull(${propertyNumber(value.field.path, params)}, 0)`;
    const most = params.place("Float64", MOST_WORTH);
    return `toInt128(round(if(abs(${number}) <= ${most}, ${number}, 0) * 10000))`;
  }
  const scaled = "toInt128(toDecimal128(ifNull(revenue, 0), 4) * 10000)";
  return value.currency === null
    ? scaled
    : `if(currency = ${params.place("String", value.currency)}, ${scaled}, toInt128(0))`;
};

/** The one distance between neighbours; null where they differ. */
const evenStep = (rising: readonly number[]): number | null => {
  const [first = 0, second = first + 1] = rising;
  const step = second - first;
  return rising.every((value, index) => value === first + index * step) ? step : null;
};

/** Place of a moment's calendar period, from 0, for moments from the first period on; those after the last are of the last or of none. */
export const placeSql = (ms: string, startsMs: readonly number[], params: Params): string => {
  const step = startsMs.length < 2 ? null : evenStep(startsMs);
  if (step !== null)
    return `intDiv(${ms} - ${params.place("Int64", startsMs[0] ?? 0)}, ${params.place("Int64", step)})`;
  const starts = params.place("Array(Int64)", startsMs);
  return `(indexOf(${starts}, roundDown(${ms}, ${starts})) - 1)`;
};

/** For whom a statement is written, and by which rules. */
export interface Scope {
  readonly rules: BehaviourRules;
  readonly tenantId: string;
  readonly policy: DataPolicy | null;
}

/** Names of the columns that hold the values of `splitBy`. */
const lettersOf = ({ splitBy }: RetentionQuery): readonly string[] => splitBy.map((_field, index) => `d${index}`);

/** Each event that may be a start or a return: its unit, moment, whether it is the one or the other, and what else is asked about it. */
const eventsSql = (query: RetentionQuery, members: Members | null, scope: Scope, params: Params): string => {
  const { table } = scope.rules.retentionSource(query, scope.policy);
  const { key, present } = unitSql(query.unit, params);
  const ever = query.startAt === "FIRST_EVER";
  const fromMs = ever ? scope.rules.everythingSinceMs : query.range.fromMs;
  const begins = matcherSql(query.start, params);
  const where = [
    behaviourRange(table, { fromMs, toMs: Math.max(query.asOfMs, fromMs) }, scope.tenantId, params),
    present,
    ...anyNameSql([query.start, query.returning], params),
    "(begins OR back)",
    ...(query.part.slice === null ? [] : sliceSql(query.unit, query.part.slice, params)),
    ...(members === null ? [] : [amongSql(members, params)]),
  ];
  const columns = [
    `${key} AS unit`,
    "toUnixTimestamp64Milli(time) AS at",
    `${ever ? begins : `(${begins} AND time < ${momentSql(query.range.toMs, params)})`} AS begins`,
    `${matcherSql(query.returning, params)} AS back`,
    ...(query.value === null ? [] : [`${valueSql(query, params)} AS worth`]),
    ...(query.splitBy.length === 0 ? [] : ["sequence"]),
    ...query.splitBy.map((field, index) => `${dimensionSql(field, params)} AS d${index}`),
  ];
  return `SELECT ${columns.join(", ")} FROM ${table} WHERE ${where.join(" AND ")}`;
};

/** Each start with the events of its unit: `start`, the letters of `splitBy`, and by event `ats` and `worths`. */
const startsSql = (query: RetentionQuery, members: Members | null, scope: Scope, params: Params): string => {
  const letters = lettersOf(query);
  // Starts of one moment are told apart only where something is asked of them.
  const one = letters.length === 0 ? "at" : `(at, sequence, ${letters.join(", ")})`;
  const first =
    query.startAt === "EVERY"
      ? `arrayJoin(mapValues(minMapIf(map(${placeSql("at", query.rows.startsMs, params)}, ${one}), begins)))`
      : `minIf(${one}, begins)`;
  const lists = [
    "groupArrayIf(at, back) AS ats",
    ...(query.value === null ? [] : ["groupArrayIf(worth, back) AS worths"]),
  ];
  const units =
    `SELECT ${first} AS first, ${lists.join(", ")} FROM (${eventsSql(query, members, scope, params)}) ` +
    `GROUP BY unit HAVING countIf(begins) > 0`;
  const named =
    letters.length === 0
      ? ["first AS start"]
      : ["first.1 AS start", ...letters.map((letter, index) => `first.${index + 3} AS ${letter}`)];
  const selected = `SELECT ${[...named, "ats", ...(query.value === null ? [] : ["worths"])].join(", ")} FROM (${units})`;
  if (query.startAt !== "FIRST_EVER") return selected;
  const { fromMs, toMs } = query.range;
  return `${selected} WHERE start >= ${params.place("Int64", fromMs)} AND start < ${params.place("Int64", toMs)}`;
};

/** The mark `BACK` of the cell that an event's moment lies in, after a start. */
const cellSql = (query: RetentionQuery, { rules }: Scope, params: Params): string => {
  const cuts = rules.cutsOf(query);
  const period =
    query.clock === "CALENDAR"
      ? `${placeSql("at", query.calendar.startsMs, params)} - row`
      : `intDiv(at - start, ${params.place("Int64", rules.elapsedMs(query.period))})`;
  const back = rules.retentionMarks.BACK;
  if (evenStep(cuts) === 1) return `toUInt32(${back} + least(${period}, ${cuts.length - 1}))`;
  const places = params.place("Array(Int64)", cuts);
  return `toUInt32(${back - 1} + indexOf(${places}, roundDown(toInt64(${period}), ${places})))`;
};

/** Marks of a start by the cells of the unit's events. */
const marksSql = (query: RetentionQuery, { rules }: Scope, params: Params): string => {
  const { START, BACK, SINCE_START } = rules.retentionMarks;
  const minimum = params.place("UInt64", query.minimum);
  const nth = (sorted: string): string => `arraySlice(${sorted}, ${minimum}, 1)`;
  const marks = (): string => {
    switch (query.kind) {
      case "EXACT": {
        if (query.minimum === 1) return "arrayDistinct(cells)";
        // Where the one so many places on is of the same cell there are enough of it.
        const ahead = `arrayResize(arraySlice(arraySort(cells), ${minimum}), length(cells), ${START})`;
        return `arrayDistinct(arrayFilter((cell, later) -> cell = later, arraySort(cells), ${ahead}))`;
      }
      case "ON_OR_AFTER":
        return nth("arrayReverseSort(cells)");
      case "ON_OR_BEFORE": {
        const after = nth(`arraySort(arrayFilter(cell -> cell > ${BACK}, cells))`);
        if (query.columns[0]?.from !== 0) return after;
        return `arrayConcat(${after}, arrayMap(cell -> cell + ${SINCE_START - BACK}, ${nth("arraySort(cells)")}))`;
      }
    }
  };
  return `arrayPushFront(${marks()}, toUInt32(${START}))`;
};

/** Letters that starts are counted by: those of `splitBy`, or of each start its number among the fields, none for all of them, and its value. */
const groupedBy = (query: RetentionQuery): readonly string[] => (query.apart === null ? lettersOf(query) : ["k", "v"]);

/** What counts starts once for all fields, and once for each with its value. */
const apartSql = (query: RetentionQuery): string => {
  const parts = lettersOf(query).map((letter, index) => `('${index}', CAST(${letter} AS String))`);
  return `row, ended, arrayJoin([${["('', '')", ...parts].join(", ")}]) AS part, part.1 AS k, part.2 AS v`;
};

/** Which starts are told. */
const heldSql = ({ apart }: RetentionQuery, params: Params): string => {
  const held = (apart?.held ?? []).map((values, index) => `d${index} IN ${params.place("Array(String)", values)}`);
  return held.length === 0 ? "" : ` WHERE ${held.join(" AND ")}`;
};

/**
 * What starts are counted under: one line per calendar period of starts, group and number of ended periods, with `row`, `ended`, `dimensions` and `marks`,
 * which lists (mark, starts, worth in ten-thousandths as text). Aliases that are used twice are columns of a statement of their own: the store would resolve
 * them at each use.
 */
export const retentionStatement = (
  query: RetentionQuery,
  scope: Scope,
  members: Members | null,
  maxLines: number,
): StoreStatement => {
  const params = createParams();
  const { rules } = scope;
  const [letters, valued] = [lettersOf(query), query.value !== null];
  const group = ["row", "ended", ...letters].join(", ");
  const by = groupedBy(query);
  const grouped = ["row", "ended", ...by].join(", ");
  const longest = query.columns.at(-1)?.to ?? 1;
  const ended =
    query.clock === "ELAPSED"
      ? `least(intDiv(${params.place("Int64", query.asOfMs)} - start, ${params.place("Int64", rules.elapsedMs(query.period))}), ${longest})`
      : "0";
  const rows = `SELECT *, ${placeSql("start", query.rows.startsMs, params)} AS row, ${ended} AS ended FROM (${startsSql(query, members, scope, params)})`;
  const worths = valued ? ", arrayFilter((worth, at) -> at >= start, worths, ats) AS kept" : "";
  const cells = `SELECT ${group}, arrayMap(at -> ${cellSql(query, scope, params)}, arrayFilter(at -> at >= start, ats)) AS cells${worths} FROM (${rows})`;
  const { WORTH, BACK } = rules.retentionMarks;
  const marks = marksSql(query, scope, params);
  const joined = valued
    ? `arrayJoin(arrayConcat(arrayMap(mark -> (mark, toInt128(0)), ${marks}), arrayZip(arrayMap(cell -> cell + ${WORTH - BACK}, cells), kept))) AS marked, marked.1 AS mark, marked.2 AS worth`
    : `arrayJoin(${marks}) AS mark`;
  const counted =
    `SELECT ${grouped}, mark, count() AS starts, ${valued ? "toString(sum(worth))" : "'0'"} AS worth ` +
    `FROM (SELECT ${query.apart === null ? group : apartSql(query)}, ${joined} FROM (${cells})${heldSql(query, params)}) GROUP BY ${grouped}, mark`;
  const heaviest = `sumIf(starts, mark = ${rules.retentionMarks.START}) DESC`;
  const order =
    query.apart === null
      ? "row, dimensions"
      : `row, ended, k, ${heaviest}, v LIMIT ${params.place("UInt64", query.apart.most)} BY row, ended, k`;
  return {
    name: "retention",
    text:
      `SELECT row, ended, [${by.map((letter) => `toString(${letter})`).join(", ")}]::Array(String) AS dimensions, groupArray((mark, starts, worth)) AS marks ` +
      `FROM (${counted}) GROUP BY ${grouped} ORDER BY ${order} LIMIT ${params.place("UInt64", maxLines)}`,
    params: params.values,
  };
};
