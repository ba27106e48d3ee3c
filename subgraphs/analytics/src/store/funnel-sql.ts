import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { EventMatcher } from "../domain/event-matcher.ts";
import type { Field } from "../domain/field.ts";
import type { TouchQuestion } from "../domain/attribution/question.ts";
import type { Funnel, FunnelBreakdown, FunnelMembers } from "../domain/funnel/funnel.ts";
import type { FunnelMarks } from "../domain/funnel/funnel-marks.ts";
import type { TimeRange } from "../domain/time-range.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { anyNameSql, behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { groupExpression } from "./group-sql.ts";
import { createParams, type Params } from "./params.ts";
import { momentSql } from "./time-sql.ts";

/** What the statements of a funnel need to know beside it. */
export interface FunnelSource {
  readonly table: BehaviourTable;
  readonly tenantId: string;
  readonly marks: FunnelMarks;
  /** Names of the events a correlation tries. */
  readonly candidates: readonly string[];
  /** The range whose events are read: the funnel's own, or one that begins before it. */
  readonly read: TimeRange;
}

/** The narrowest type that holds so many bits; a Float64 holds 52 of them exactly. */
const markType = (bits: number): "UInt8" | "UInt16" | "UInt32" | "Float64" => {
  if (bits <= 8) return "UInt8";
  if (bits <= 16) return "UInt16";
  return bits <= 32 ? "UInt32" : "Float64";
};

/** Writes an event's mark: bit b says that it passes one of the matchers of condition b. */
export const markSql = (funnel: Funnel, { conditions }: FunnelMarks, params: Params): string => {
  const type = markType(conditions.length);
  const bits = conditions.map((matchers, bit) => {
    const passes = matchers.map((matcher) => matcherSql(matcher, params)).join(" OR ");
    return `bitShiftLeft(to${type === "Float64" ? "UInt64" : type}(${passes}), ${bit})`;
  });
  const sum = bits.join(" + ");
  // Before the funnel's own range there are touchpoints alone.
  const own = funnel.attribution === null ? sum : `if(time >= ${momentSql(funnel.range.fromMs, params)}, ${sum}, 0)`;
  // A cast, since a function of a column with a dictionary gives another such column.
  return `CAST(${own} AS ${type})`;
};

/** Milliseconds of 2^32: ranges below it need half the bytes. */
const NARROW_RANGE_MS = 4_294_967_296;

/** Milliseconds from the start of what is read. */
const atSql = ({ read: range }: FunnelSource, params: Params): string => {
  const type = range.toMs - range.fromMs <= NARROW_RANGE_MS ? "UInt32" : "Float64";
  return `to${type}(toUnixTimestamp64Milli(time) - ${params.place("Int64", range.fromMs)})`;
};

/** A value as text that keeps a missing one (the empty text) apart from an empty one (`=`). */
const valueSql = (field: Field, params: Params): string => {
  const value = groupExpression(field, params);
  if (field.kind === "PROPERTY" || field.type === "DECIMAL") return `ifNull(concat('=', ${value}), '')`;
  return field.type === "TEXT" || field.type === "LIST"
    ? `if(${value} = '', '', concat('=', ${value}))`
    : `concat('=', toString(${value}))`;
};

/** Which cohorts and segments an event is of: `=` and the digit of each, by its place. */
const membersSql = (members: readonly FunnelMembers[], params: Params): string =>
  `concat('='${members.map(({ condition }, place) => `, if(${condition === null ? "1" : conditionSql(condition, params)}, '${place}', '')`).join("")})`;

const breakdownSql = (breakdown: FunnelBreakdown, params: Params): string =>
  breakdown.kind === "FIELD" ? valueSql(breakdown.field, params) : membersSql(breakdown.members, params);

/** The label of a touchpoint by the first rule that lets it through; the empty text for events that are none. */
const labelSql = ({ touchpoints, rules, otherwise }: TouchQuestion, params: Params): string => {
  const touched = touchpoints.map((one) => matcherSql(one, params)).join(" OR ");
  const labels = rules.map(
    ({ channel, filter }) => `${conditionSql(filter, params)}, ${params.place("String", channel)}`,
  );
  return `if(${touched}, multiIf(${labels.join(", ")}, ${params.place("String", otherwise)}), '')`;
};

/** Whether events that no step is about have to be read too: what came between, or next. */
const readsEverything = ({ order, dropOffs }: Funnel): boolean => order === "STRICT" || dropOffs !== null;

/** Matchers one of which an event passes that is looked at; one without names when every event is. */
export const lookedAt = (funnel: Funnel, { marks, candidates }: FunnelSource): readonly EventMatcher[] => {
  const any: EventMatcher = { names: [], filter: null };
  if (readsEverything(funnel)) return [any];
  const tried = candidates.map((name) => ({ names: [name], filter: null }));
  return [...marks.conditions.flat(), ...tried, ...(funnel.attribution?.touchpoints ?? [])];
};

const rangeSql = (funnel: Funnel, source: FunnelSource, params: Params): readonly string[] => [
  behaviourRange(source.table, source.read, source.tenantId, params),
  unitSql(funnel.unit, params).present,
  ...anyNameSql(lookedAt(funnel, source), params),
];

const HOUR_SECONDS = 3_600;

/**
 * At most how many events of all units there are to look at, by the hourly rollup, which holds few rows and knows of no units and no filters: one row with
 * `events`.
 */
export const funnelBoundStatement = (funnel: Funnel, source: FunnelSource): StoreStatement => {
  const params = createParams();
  const { fromMs, toMs } = source.read;
  const from = Math.floor(fromMs / 1_000 / HOUR_SECONDS) * HOUR_SECONDS;
  const where = [
    `tenant_id = ${params.place("String", source.tenantId)}`,
    `hour >= toDateTime(${params.place("Int64", from)}, 'UTC')`,
    `hour < toDateTime(${params.place("Int64", Math.ceil(toMs / 1_000))}, 'UTC')`,
    ...anyNameSql(lookedAt(funnel, source), params),
  ];
  const text = `SELECT toFloat64(sum(events)) AS events FROM rollup_hour_name WHERE ${where.join(" AND ")}`;
  return { name: "funnel-bound", text, params: params.values };
};

/** How many events of a slice there are to look at: one row with `events`. */
export const funnelSizeStatement = (funnel: Funnel, source: FunnelSource, slice: UnitSlice): StoreStatement => {
  const params = createParams();
  const where = [...rangeSql(funnel, source, params), ...sliceSql(funnel.unit, slice, params)];
  const text = `SELECT toFloat64(count()) AS events FROM ${source.table} WHERE ${where.join(" AND ")}`;
  return { name: "funnel-size", text, params: params.values };
};

/** The event names most units have, without those that the steps name: rows with `name`. */
export const funnelCandidatesStatement = (funnel: Funnel, source: FunnelSource, slice: UnitSlice): StoreStatement => {
  const params = createParams();
  const unit = unitSql(funnel.unit, params);
  const named = [...new Set(funnel.steps.flatMap(({ anyOf }) => anyOf.flatMap(({ names }) => names)))].toSorted();
  const where = [
    behaviourRange(source.table, funnel.range, source.tenantId, params),
    unit.present,
    ...sliceSql(funnel.unit, slice, params),
    ...(named.length === 0 ? [] : [`name NOT IN ${params.place("Array(String)", named)}`]),
  ];
  const text = [
    `SELECT toString(name) AS name FROM ${source.table} WHERE ${where.join(" AND ")}`,
    `GROUP BY name ORDER BY uniqCombined64(${unit.key}) DESC, name LIMIT ${params.place("UInt64", funnel.correlation?.events ?? 0)}`,
  ].join("\n");
  return { name: "funnel-candidates", text, params: params.values };
};

/** The place of an event's name among the candidates, from 1, and 0 for others; the store looks it up once per name. */
const candidateSql = (candidates: readonly string[], params: Params): string => {
  const names = params.place("Array(String)", candidates);
  const places = params.place(
    "Array(Int64)",
    candidates.map((_name, index) => index + 1),
  );
  return `CAST(transform(name, ${names}, ${places}, toInt64(0)) AS UInt8)`;
};

/** What travels of each event beside its unit, time and mark, by the letter of its column. */
export const columnsOf = (
  funnel: Funnel,
  { candidates }: FunnelSource,
  params: Params,
): readonly (readonly [string, string])[] => {
  const ofStep = (value: string): string => `if(mark = 0, '', ${value})`;
  return [
    ...(candidates.length === 0 ? [] : [["c", candidateSql(candidates, params)] as const]),
    ...(funnel.breakdown === null ? [] : [["v", ofStep(breakdownSql(funnel.breakdown, params))] as const]),
    ...[...(funnel.correlation?.fields ?? []), ...(funnel.entries?.fields ?? [])].map(
      (field, index) => [`f${index}`, `if(bitAnd(mark, 1) = 1, ${valueSql(field, params)}, '')`] as const,
    ),
    ...(funnel.dropOffs === null ? [] : [["n", "toString(name)"] as const]),
    ...(funnel.attribution === null ? [] : [["l", labelSql(funnel.attribution, params)] as const]),
  ];
};

/** Writes the number of 64 bits by which a unit's events come together: a person's key, which is one, or the hash of another unit's id. */
export const unitNumber = (funnel: Funnel, params: Params): string => {
  const { key } = unitSql(funnel.unit, params);
  return funnel.unit.kind === "PERSON" ? key : `cityHash64(${key})`;
};

/** What the events of a slice pass that are looked at: those with a mark, or that something else is asked about. */
export const unitsWhere = (
  funnel: Funnel,
  source: FunnelSource,
  slice: UnitSlice,
  params: Params,
): readonly string[] => {
  const looked = [
    "mark != 0",
    ...(source.candidates.length === 0 ? [] : ["c != 0"]),
    ...(funnel.attribution === null ? [] : ["l != ''"]),
  ];
  return [
    ...rangeSql(funnel, source, params),
    ...sliceSql(funnel.unit, slice, params),
    ...(readsEverything(funnel) ? [] : [`(${looked.join(" OR ")})`]),
  ];
};

/**
 * The events of a slice that are looked at, one per row: `unit`, `at` (milliseconds from the start of what is read), `mark` and what else travels; in order of
 * their units, and a unit's of time, then of their place among the events of one batch, then of what is known of them, so that no order is left open.
 * `events_by_person` is in this order but for the last, so that the store has little to sort.
 */
export const funnelUnitsStatement = (funnel: Funnel, source: FunnelSource, slice: UnitSlice): StoreStatement => {
  const params = createParams();
  const columns = columnsOf(funnel, source, params);
  const letters = columns.map(([letter]) => letter);
  const where = unitsWhere(funnel, source, slice, params);
  const selected = [
    `${unitNumber(funnel, params)} AS unit`,
    `${atSql(source, params)} AS at`,
    `${markSql(funnel, source.marks, params)} AS mark`,
    ...columns.map(([letter, sql]) => `${sql} AS ${letter}`),
  ];
  const text = [
    `SELECT ${selected.join(", ")}`,
    `FROM ${source.table} WHERE ${where.join(" AND ")}`,
    `ORDER BY ${["unit", "time", "sequence", "mark", ...letters].join(", ")}`,
  ].join("\n");
  return { name: "funnel-units", text, params: params.values };
};
