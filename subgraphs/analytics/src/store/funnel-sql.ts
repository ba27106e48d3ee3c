import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { Field } from "../domain/fields.ts";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { FunnelMarks } from "../domain/funnel/funnel-marks.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { anyNameSql, behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { groupExpression } from "./field-sql.ts";
import { createParams, type Params } from "./params.ts";

/** What the statements of a funnel need to know beside it. */
export interface FunnelSource {
  readonly table: BehaviourTable;
  readonly tenantId: string;
  readonly marks: FunnelMarks;
  /** Names of the events a correlation tries. */
  readonly candidates: readonly string[];
  /** Events of one unit at most. */
  readonly unitEvents: number;
}

/** An event's mark: bit b says that it passes one of the matchers of condition b. */
const markSql = ({ conditions }: FunnelMarks, params: Params): string =>
  conditions
    .map((matchers, bit) => {
      const passes = matchers.map((matcher) => matcherSql(matcher, params)).join(" OR ");
      return `bitShiftLeft(toUInt64(${passes}), ${bit})`;
    })
    .join(" + ");

/** A value as text that keeps a missing one (the empty text) apart from an empty one (`=`). */
const valueSql = (field: Field, params: Params): string => {
  const value = groupExpression(field, params);
  if (field.kind === "PROPERTY" || field.type === "DECIMAL") return `ifNull(concat('=', ${value}), '')`;
  return field.type === "TEXT" || field.type === "LIST"
    ? `if(${value} = '', '', concat('=', ${value}))`
    : `concat('=', toString(${value}))`;
};

/** Whether events that no step is about have to be read too: what came between, or next. */
const readsEverything = ({ order, dropOffs }: Funnel): boolean => order === "STRICT" || dropOffs !== null;

const rangeSql = (
  funnel: Funnel,
  { table, tenantId, marks, candidates }: FunnelSource,
  params: Params,
): readonly string[] => {
  const tried = candidates.map((name) => ({ names: [name], filter: null }));
  return [
    behaviourRange(table, funnel.range, tenantId, params),
    unitSql(funnel.unit, params).present,
    ...(readsEverything(funnel) ? [] : anyNameSql([...marks.conditions.flat(), ...tried], params)),
  ];
};

/** How many events of a slice there are to look at: one row with `events`. */
export const funnelSizeStatement = (funnel: Funnel, source: FunnelSource, slice: UnitSlice): StoreStatement => {
  const params = createParams();
  const where = [...rangeSql(funnel, source, params), ...sliceSql(funnel.unit, slice, params)];
  const text = `SELECT toFloat64(count()) AS events FROM ${source.table} WHERE ${where.join(" AND ")}`;
  return { name: "funnel-size", text, params: params.values };
};

/** The event names most units have, without those that the steps name: rows with `name`. */
export const funnelCandidatesStatement = (funnel: Funnel, source: FunnelSource): StoreStatement => {
  const params = createParams();
  const unit = unitSql(funnel.unit, params);
  const named = [...new Set(funnel.steps.flatMap(({ anyOf }) => anyOf.flatMap(({ names }) => names)))].toSorted();
  const where = [
    behaviourRange(source.table, funnel.range, source.tenantId, params),
    unit.present,
    ...(named.length === 0 ? [] : [`name NOT IN ${params.place("Array(String)", named)}`]),
  ];
  const text = [
    `SELECT toString(name) AS name FROM ${source.table} WHERE ${where.join(" AND ")}`,
    `GROUP BY name ORDER BY uniqCombined64(${unit.key}) DESC, name LIMIT ${params.place("UInt64", funnel.correlation?.events ?? 0)}`,
  ].join("\n");
  return { name: "funnel-candidates", text, params: params.values };
};

/** What travels of each event beside its time and mark, by the letter of its column. */
const columnsOf = (
  funnel: Funnel,
  { candidates }: FunnelSource,
  params: Params,
): readonly (readonly [string, string])[] => {
  const names = params.place("Array(String)", candidates);
  const ofStep = (value: string): string => `if(mark = 0, '', ${value})`;
  return [
    ...(candidates.length === 0 ? [] : [["c", `indexOf(${names}, toString(name))`] as const]),
    ...(funnel.breakdown === null ? [] : [["v", ofStep(valueSql(funnel.breakdown.field, params))] as const]),
    ...(funnel.correlation?.fields ?? []).map(
      (field, index) => [`f${index}`, `if(bitTest(mark, 0), ${valueSql(field, params)}, '')`] as const,
    ),
    ...(funnel.dropOffs === null ? [] : [["n", "toString(name)"] as const]),
  ];
};

/**
 * The units of a slice that may have entered, one per row: `cut`, and in lists of equal length `t` (milliseconds from the start of the range), `m` (marks)
 * and what else travels. A unit's events are in order of time, then of their place among the events of one batch, then of what is known of them, so
 * that no order is left open.
 */
export const funnelUnitsStatement = (funnel: Funnel, source: FunnelSource, slice: UnitSlice): StoreStatement => {
  const params = createParams();
  const columns = columnsOf(funnel, source, params);
  const letters = columns.map(([letter]) => letter);
  const where = [...rangeSql(funnel, source, params), ...sliceSql(funnel.unit, slice, params)];
  const selected = [
    `${unitSql(funnel.unit, params).key} AS unit`,
    `toUnixTimestamp64Milli(time) - ${params.place("Int64", funnel.range.fromMs)} AS at`,
    "sequence",
    `${markSql(source.marks, params)} AS mark`,
    ...columns.map(([letter, sql]) => `${sql} AS ${letter}`),
  ];
  const looked = source.candidates.length === 0 ? "mark != 0" : "(mark != 0 OR c != 0)";
  const everything = readsEverything(funnel);
  const most = params.place("UInt64", source.unitEvents);
  const place = (letter: string): number => 4 + letters.indexOf(letter);
  // Only now that what comes next is known may events be left out that no step is about.
  const kept = source.candidates.length === 0 ? "x.3 != 0" : `(x.3 != 0 OR x.${place("c")} != 0)`;
  const next = `arrayPushBack(arrayPopFront(events.${place("n")}), '')`;
  const inOrder = "arraySort(groupArray((" + ["at", "sequence", "mark", ...letters].join(", ") + ")))";
  const filtered = funnel.dropOffs !== null && funnel.order !== "STRICT";
  const list = (letter: string, tuple: string): string => `${tuple} AS ${letter}`;
  const rows = [
    list("t", "kept.1"),
    list("m", "kept.3"),
    ...letters.filter((letter) => letter !== "n").map((letter) => list(letter, `kept.${place(letter)}`)),
    ...(funnel.dropOffs === null
      ? []
      : [list("n", filtered ? `arrayFilter((n_, x) -> ${kept}, ${next}, events)` : next)]),
  ];
  const text = [
    `SELECT cut, ${rows.join(", ")}`,
    `FROM (SELECT length(all_events) > ${most} AS cut, arraySlice(all_events, 1, ${most}) AS events, ${filtered ? `arrayFilter(x -> ${kept}, events)` : "events"} AS kept`,
    `FROM (SELECT ${inOrder} AS all_events`,
    `FROM (SELECT ${selected.join(", ")} FROM ${source.table} WHERE ${where.join(" AND ")})`,
    ...(everything ? [] : [`WHERE ${looked}`]),
    "GROUP BY unit HAVING max(bitTest(mark, 0)) = 1))",
  ].join("\n");
  return { name: "funnel-units", text, params: params.values };
};
