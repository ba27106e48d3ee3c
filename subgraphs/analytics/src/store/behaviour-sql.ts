import type { AnalysisUnit } from "../domain/analysis-unit.ts";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { EventMatcher } from "../domain/event-matcher.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { TimeRange } from "../domain/time-range.ts";
import { columnSql, conditionSql } from "./condition-sql.ts";
import { propertyText } from "./property-sql.ts";
import type { Params } from "./params.ts";
import { momentSql, sinceSql, untilSql } from "./time-sql.ts";

/** Writes a matcher as an expression that is 1 or 0, never null. */
export const matcherSql = ({ names, filter }: EventMatcher, params: Params): string => {
  const named = names.length === 0 ? [] : [`name IN ${params.place("Array(String)", names)}`];
  const parts = [...named, ...(filter === null ? [] : [conditionSql(filter, params)])];
  return parts.length === 0 ? "1" : `(${parts.join(" AND ")})`;
};

/** What tells apart the units of a question: the key of an event's unit, and whether it has one. */
export interface UnitSql {
  /** A UInt64 for persons, text for everything else. */
  readonly key: string;
  /** 1 for events that belong to a unit: an id that is missing or the empty text is none. */
  readonly present: string;
}

/** Text and nothing else: a hash of what a column keeps by a dictionary would be kept by one too, and is not read so. */
const fieldKey = (unit: Extract<AnalysisUnit, { kind: "FIELD" }>, params: Params): string =>
  `ifNull(${
    unit.field.kind === "PROPERTY"
      ? propertyText(unit.field.path, params)
      : `CAST(${columnSql(unit.field, params)} AS Nullable(String))`
  }, '')`;

/** Writes a unit as SQL over either table of events. */
export const unitSql = (unit: AnalysisUnit, params: Params): UnitSql => {
  if (unit.kind === "PERSON") return { key: "person", present: "person != 0" };
  const key = unit.kind === "SESSION" ? "session_id" : fieldKey(unit, params);
  return { key, present: `${key} != ''` };
};

/** The units of a slice. A person's key is a hash itself, and `events_by_person` is ordered by it, so that the store reads the slice and nothing else. */
export const sliceSql = (unit: AnalysisUnit, slice: UnitSlice, params: Params): readonly string[] => {
  const { key } = unitSql(unit, params);
  const hash = unit.kind === "PERSON" ? key : `cityHash64(${key})`;
  return [
    ...(slice.hashFrom === null ? [] : [`${hash} >= ${params.place("UInt64", slice.hashFrom)}`]),
    ...(slice.hashTo === null ? [] : [`${hash} < ${params.place("UInt64", slice.hashTo)}`]),
  ];
};

/** The tenant's events of a range in a table, in the form the table's order can prune by. */
export const behaviourRange = (table: BehaviourTable, range: TimeRange, tenantId: string, params: Params): string =>
  [
    `tenant_id = ${params.place("String", tenantId)}`,
    ...(table === "events"
      ? [sinceSql(range.fromMs, params), untilSql(range.toMs, params)]
      : [`time >= ${momentSql(range.fromMs, params)}`, `time < ${momentSql(range.toMs, params)}`]),
  ].join(" AND ");

/** Only events that may pass one of the matchers, by name, so that the store skips the rest by its index; empty when any name may. */
export const anyNameSql = (matchers: readonly EventMatcher[], params: Params): readonly string[] => {
  if (matchers.some(({ names }) => names.length === 0)) return [];
  const names = [...new Set(matchers.flatMap((matcher) => matcher.names))].toSorted();
  return [`name IN ${params.place("Array(String)", names)}`];
};

/** Where events are read, and of when. */
export interface EventsSource {
  readonly table: BehaviourTable;
  readonly tenantId: string;
  readonly reach: TimeRange;
}

/** A table with the conditions that leave what a matcher asks for, and whatever else must be there. */
export const eventsFrom = (
  { table, tenantId, reach }: EventsSource,
  event: EventMatcher,
  present: readonly string[],
  params: Params,
): string => {
  const range = behaviourRange(table, reach, tenantId, params);
  return `${table} WHERE ${[range, ...present, ...anyNameSql([event], params), matcherSql(event, params)].join(" AND ")}`;
};
