import type { Condition, Field } from "../domain/field.ts";
import type { Measure } from "../domain/measures.ts";
import type { Plan, PlanPart } from "../domain/planner.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import type { TimeRange } from "../domain/time-range.ts";
import { conditionSql } from "./condition-sql.ts";
import { groupExpression } from "./group-sql.ts";
import type { Params } from "./params.ts";
import { partSql } from "./part-sql.ts";
import { sinceSql, untilSql } from "./time-sql.ts";

/** A column of partial results: what it is in a rollup, how single events make it, and what merges several to one. */
interface PartColumn {
  readonly alias: string;
  readonly inRollup: string;
  readonly ofEvents: string;
  readonly merge: string;
}

/** The rollup by the hour, read in whole days: the store keeps its rows merged by day and name too (projection `by_day`), and takes these where a statement asks for nothing else. */
const BY_DAY = "rollup_hour_name.by_day";

/** A table as a part of a plan is read from it. */
type ReadTable = PlanPart["table"] | typeof BY_DAY;
interface ReadPart extends TimeRange {
  readonly table: ReadTable;
}

/** Partial results that were merged to partial results again, and what else they are grouped by beside the keys. */
export interface MergedParts {
  readonly columns: readonly string[];
  readonly groups: readonly string[];
}

const partColumns = (measures: readonly Measure[], sketchBits: number): readonly PartColumn[] => {
  const kinds = new Set<string>(
    measures.map(({ formula }) => {
      if (formula.kind === "UNIQUES") return formula.of.kind;
      return formula.kind === "COUNT" || formula.kind === "FORMULA" ? formula.kind : "REVENUE";
    }),
  );
  const sketch = (value: string, given: string): string => `uniqCombined64StateIf(${sketchBits})(${value}, ${given})`;
  const merge = (ofEvents: string): string =>
    ofEvents.startsWith("uniqCombined64") ? `uniqCombined64MergeState(${sketchBits})` : "sum";
  return [
    { kind: "COUNT", alias: "part_events", inRollup: "events", ofEvents: "count()" },
    { kind: "PERSONS", alias: "part_persons", inRollup: "persons", ofEvents: sketch("person", "person != 0") },
    {
      kind: "SESSIONS",
      alias: "part_sessions",
      inRollup: "sessions",
      ofEvents: sketch("session_id", "session_id != ''"),
    },
    { kind: "REVENUE", alias: "part_revenue", inRollup: "revenue", ofEvents: "sum(ifNull(revenue, 0))" },
    { kind: "REVENUE", alias: "part_revenue_events", inRollup: "revenue_events", ofEvents: "count(revenue)" },
  ]
    .filter(({ kind }) => kinds.has(kind))
    .map((column) => ({ ...column, merge: merge(column.ofEvents) }));
};

/** The column of each table that tells when. */
const TIME_COLUMNS = {
  events: "time",
  rollup_hour_name: "hour",
  rollup_day_dimensions: "day",
  [BY_DAY]: "toStartOfDay(hour)",
} as const;
const isShared = (table: ReadTable): table is keyof typeof TIME_COLUMNS => Object.hasOwn(TIME_COLUMNS, table);
const timeColumn = (table: ReadTable): string => (isShared(table) ? TIME_COLUMNS[table] : "bucket");

/** The rows of a rollup in a range that it holds in whole steps. */
const stepsSql = (part: ReadPart, params: Params): string => {
  const column = timeColumn(part.table);
  const at = (ms: number): string => {
    const seconds = `toDateTime(${params.place("Int64", ms / 1_000)}, 'UTC')`;
    return part.table === "rollup_day_dimensions" ? `toDate(${seconds})` : seconds;
  };
  return `${column} >= ${at(part.fromMs)} AND ${column} < ${at(part.toMs)}`;
};

const withinSql = (part: ReadPart, params: Params): string =>
  part.table === "events"
    ? `${sinceSql(part.fromMs, params)} AND ${untilSql(part.toMs, params)}`
    : stepsSql(part, params);

/** Conditions of which a row passes at least one. */
export const anySql = (conditions: readonly string[]): string =>
  conditions.length === 1 ? conditions.join("") : `(${conditions.map((one) => `(${one})`).join(" OR ")})`;

/** The rows of parts of a plan, all of one table, that belong to the tenant and pass the filter. */
export const partsWhere = (
  parts: readonly ReadPart[],
  filter: Condition | null,
  tenantId: string,
  params: Params,
): string =>
  [
    `tenant_id = ${params.place("String", tenantId)}`,
    anySql(parts.map((part) => withinSql(part, params))),
    ...(filter === null ? [] : [conditionSql(filter, params)]),
  ].join(" AND ");

/** The rows of one part of a plan that belong to the tenant and pass the filter. */
export const partWhere = (part: ReadPart, filter: Condition | null, tenantId: string, params: Params): string =>
  partsWhere([part], filter, tenantId, params);

/** The start of the calendar bucket a row lies in, in seconds since the epoch: the starts are computed once and travel as a parameter. */
export const bucketExpression = (query: AnalyticQuery, table: ReadTable, params: Params): string => {
  const starts = params.place(
    "Array(Int64)",
    (query.buckets?.startsMs ?? []).map((ms) => ms / 1_000),
  );
  const column = timeColumn(table);
  const seconds =
    table === "rollup_day_dimensions" ? `toUnixTimestamp(toDateTime(${column}, 'UTC'))` : `toUnixTimestamp(${column})`;
  return `roundDown(toInt64(${seconds}), ${starts})`;
};

/** A field that is grouped by, from a table: a clock's hand from the moment that the table tells. */
const groupOf = (field: Field, table: ReadTable, params: Params): string => {
  if (field.kind !== "PART" || field.part.kind !== "CLOCK") return groupExpression(field, params);
  const column = timeColumn(table);
  return partSql(field, params, table === "rollup_day_dimensions" ? `toDateTime(${column}, 'UTC')` : column);
};

/** Names of the keys of a query's groups: `b` for the bucket, `d0`, `d1` ... for the dimensions. */
export const keyAliases = (query: AnalyticQuery): readonly string[] => [
  ...(query.buckets === null ? [] : ["b"]),
  ...query.dimensions.map((_field, index) => `d${index}`),
];

/** The keys of a query's groups as select expressions over one table. */
export const keySelects = (query: AnalyticQuery, table: ReadTable, params: Params): readonly string[] => [
  ...(query.buckets === null ? [] : [`${bucketExpression(query, table, params)} AS b`]),
  ...query.dimensions.map((field, index) => `${groupOf(field, table, params)} AS d${index}`),
];

const needsCurrency = (query: AnalyticQuery): boolean =>
  query.measures.some(
    ({ formula }) =>
      formula.kind !== "COUNT" &&
      formula.kind !== "UNIQUES" &&
      formula.kind !== "FORMULA" &&
      formula.of.kind === "REVENUE" &&
      formula.of.currency !== null,
  );

/** How the partial results of {@link stitchedSource} are merged to fewer, so that several sets of groups are made of them. */
export const mergedParts = (query: AnalyticQuery, sketchBits: number): MergedParts => ({
  columns: partColumns(query.measures, sketchBits).map(({ alias, merge }) => `${merge}(parts.${alias}) AS ${alias}`),
  groups: needsCurrency(query) ? ["currency"] : [],
});

const nameOf = (table: ReadTable): string => (table === BY_DAY ? "rollup_hour_name" : table);

/** Parts that are read alike, together: each further part of a statement takes milliseconds to be laid out, each further range of one nearly nothing. */
export const readTogether = <Part>(
  parts: readonly Part[],
  alike: (part: Part) => string,
): readonly (readonly [Part, ...Part[]])[] => {
  const found = new Map<string, [Part, ...Part[]]>();
  for (const part of parts) {
    const known = found.get(alike(part));
    if (known === undefined) found.set(alike(part), [part]);
    else known.push(part);
  }
  return [...found.values()];
};

/** Parts of a plan as they are read: whole days apart from the hours before and after them. */
const readParts = ({ parts, days }: Plan): readonly ReadPart[] =>
  parts.flatMap((part): readonly ReadPart[] => {
    if (days === undefined || part.table !== "rollup_hour_name") return [part];
    const { table, fromMs, toMs } = part;
    const cut: readonly ReadPart[] = [
      { table, fromMs, toMs: days.fromMs },
      { table: BY_DAY, ...days },
      { table, fromMs: days.toMs, toMs },
    ];
    return cut.filter((one) => one.fromMs < one.toMs);
  });

/**
 * The source of a plan with a rollup: partial results of the rollup for the whole hours or days, and of single events for the range's ends, side
 * by side in the same columns, so that one aggregation above merges them.
 */
export const stitchedSource = (query: AnalyticQuery, plan: Plan, tenantId: string, params: Params): string => {
  const columns = partColumns(query.measures, plan.sketchBits);
  const currency = needsCurrency(query) ? ["currency"] : [];
  const branches = readTogether(readParts(plan), ({ table }) => table).map((together) => {
    const [{ table }] = together;
    const where = partsWhere(together, query.filter, tenantId, params);
    const [raw, byDay] = [table === "events", table === BY_DAY];
    const keys = [...keySelects(query, table, params), ...currency];
    const made = ({ inRollup, merge }: PartColumn): string => (byDay ? `${merge}(${inRollup})` : inRollup);
    const parts = columns.map((column) => `${raw ? column.ofEvents : made(column)} AS ${column.alias}`);
    const groups = [...keyAliases(query), ...currency];
    const grouped = (raw || byDay) && groups.length > 0 ? ` GROUP BY ${groups.join(", ")}` : "";
    return `SELECT ${[...keys, ...parts].join(", ")} FROM ${nameOf(table)} WHERE ${where}${grouped}`;
  });
  return `(${branches.join("\nUNION ALL\n")})`;
};

/** Statements that leave the same rows to be read as {@link stitchedSource}, which tell how many events these are of. */
export const stitchedReads = (query: AnalyticQuery, plan: Plan, tenantId: string, params: Params): readonly string[] =>
  readTogether(readParts(plan), ({ table }) => table).map((together) => {
    const [{ table }] = together;
    const each = table === "events" ? "countIf(notEmpty(name))" : "sum(events)";
    return `SELECT ${each} FROM ${nameOf(table)} WHERE ${partsWhere(together, query.filter, tenantId, params)}`;
  });
