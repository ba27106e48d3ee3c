import type { Measure } from "../../domain/measures.ts";
import type { Plan, PlanPart } from "../../domain/planner.ts";
import type { AnalyticQuery } from "../../domain/query.ts";
import type { OwnColumn, OwnReading } from "../../domain/rollups/own-reading.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { arithmeticSql } from "../arithmetic-sql.ts";
import { conditionSql } from "../condition-sql.ts";
import { groupExpression } from "../group-sql.ts";
import type { MeasureSql } from "../measure-sql.ts";
import type { Params } from "../params.ts";
import { anySql, keyAliases, keySelects, partsWhere, readTogether, type MergedParts } from "../source-sql.ts";
import { digestSql, numberSql, SKETCH_MERGE, sketchSql } from "./slot-sql.ts";

/** A column of partial results: the same name in the rollup and over single events. */
interface PartColumn {
  readonly column: string;
  readonly ofEvents: string;
  /** What merges partial results to partial results again; null for digests, which lose with each merge. */
  readonly merge: string | null;
}

const NUMBERS = { SUM: ["sum"], AVG: ["sum", "count"], MIN: ["min"], MAX: ["max"] } as const;
const MERGES = { sum: "sum", count: "sum", min: "min", max: "max" } as const;

const partColumnsOf = (column: OwnColumn, params: Params): readonly PartColumn[] => {
  switch (column.kind) {
    case "COUNT":
      return [{ column: "events", ofEvents: "count()", merge: "sum" }];
    case "FORMULA":
      return [];
    case "UNIQUES":
      return [{ column: column.slot, ofEvents: sketchSql(column.of, params), merge: SKETCH_MERGE }];
    case "QUANTILE":
      return [{ column: column.slot, ofEvents: digestSql(column.of, params), merge: null }];
    case "SUM":
    case "AVG":
    case "MIN":
    case "MAX": {
      const made = numberSql(column.of, params);
      return NUMBERS[column.kind].map((part) => ({
        ...{ column: `${column.slot}_${part}`, ofEvents: made[part], merge: MERGES[part] },
      }));
    }
  }
};

/**
 * Columns of the rollup are of all currencies where single events could be held to one; so in a source with both, the rows of events are grouped by
 * currency too, and columns that are held to a currency by their rows are made of every event.
 */
const withoutCurrency = (column: OwnColumn): OwnColumn =>
  "currency" in column && column.currency !== null ? { ...column, of: { kind: "REVENUE", currency: null } } : column;

const columnsOf = (own: OwnReading, params: Params): readonly PartColumn[] => [
  ...new Map(
    own.columns
      .flatMap((column) => partColumnsOf(withoutCurrency(column), params))
      .map((part) => [part.column, part] as const),
  ).values(),
];

/** Rows of a rollup as they are read: its buckets, or whole weeks, which the table keeps merged too (projection `by_week`). */
interface ReadPart extends TimeRange {
  readonly by: "bucket" | "week";
}

/** Whole weeks of a part apart from the buckets before and after them. */
const readParts = ({ weeks = [] }: OwnReading, { fromMs, toMs }: PlanPart): readonly ReadPart[] => {
  const week = weeks.find((one) => one.fromMs >= fromMs && one.toMs <= toMs);
  if (week === undefined) return [{ by: "bucket", fromMs, toMs }];
  const cut: readonly ReadPart[] = [
    { by: "bucket", fromMs, toMs: week.fromMs },
    { by: "week", ...week },
    { by: "bucket", fromMs: week.toMs, toMs },
  ];
  return cut.filter((one) => one.fromMs < one.toMs);
};

/** The rows of parts that are all read by buckets, or all by weeks. */
const rollupWhere = (own: OwnReading, parts: readonly ReadPart[], tenantId: string, params: Params): string => {
  const within = ({ by, fromMs, toMs }: ReadPart): string => {
    const at = (ms: number): string => {
      const moment = `toDateTime(${params.place("Int64", ms / 1_000)}, 'UTC')`;
      return by === "week" ? `toDate(${moment})` : moment;
    };
    const column = by === "week" ? "toMonday(bucket)" : "bucket";
    return `${column} >= ${at(fromMs)} AND ${column} < ${at(toMs)}`;
  };
  return [
    `tenant_id = ${params.place("String", tenantId)}`,
    `build_id = ${params.place("UUID", own.buildId)}`,
    anySql(parts.map(within)),
    ...(own.filter === null ? [] : [conditionSql(own.filter, params)]),
  ].join(" AND ");
};

const rollupKeys = (query: AnalyticQuery, own: OwnReading, by: ReadPart["by"], params: Params): readonly string[] => {
  const starts = (query.buckets?.startsMs ?? []).map((ms) => ms / 1_000);
  const moment = by === "week" ? "toDateTime(toMonday(bucket), 'UTC')" : "bucket";
  const bucket = `roundDown(toInt64(toUnixTimestamp(${moment})), ${params.place("Array(Int64)", starts)}) AS b`;
  return [
    ...(query.buckets === null ? [] : [bucket]),
    ...own.dimensions.map((field, index) => `${groupExpression(field, params)} AS d${index}`),
  ];
};

/**
 * The source of a plan with a tenant's own rollup: rows of the rollup for whole buckets, and partial results of single events for the rest, side by side
 * in the same columns, so that one aggregation above merges them.
 */
export const ownSource = (
  query: AnalyticQuery,
  plan: Plan,
  own: OwnReading,
  tenantId: string,
  params: Params,
): string => {
  const columns = columnsOf(own, params);
  const currency = own.currency === null ? [] : ["part_currency"];
  const groups = [...keyAliases(query), ...currency];
  const grouped = groups.length === 0 ? "" : ` GROUP BY ${groups.join(", ")}`;
  const ofRollup = (together: readonly [ReadPart, ...ReadPart[]]): string => {
    const where = rollupWhere(own, together, tenantId, params);
    const [{ by }] = together;
    const byWeek = by === "week";
    const properties = own.properties.map(
      ({ name, column }) => `if(${column} = '', NULL, substring(${column}, 2)) AS ${name}`,
    );
    const parts = columns.map(
      ({ column, merge }) => `${byWeek && merge !== null ? `${merge}(${column})` : column} AS part_${column}`,
    );
    const keys = [...rollupKeys(query, own, by, params), ...currency.map((alias) => `${own.currency} AS ${alias}`)];
    const before = properties.length === 0 ? "" : `WITH ${properties.join(", ")} `;
    return `${before}SELECT ${[...keys, ...parts].join(", ")} FROM worker_rollup_rows WHERE ${where}${byWeek ? grouped : ""}`;
  };
  const ofEvents = (together: readonly PlanPart[]): string => {
    const keys = [...keySelects(query, "events", params), ...currency.map((alias) => `toString(currency) AS ${alias}`)];
    const parts = columns.map(({ column, ofEvents: made }) => `${made} AS part_${column}`);
    const where = partsWhere(together, query.filter, tenantId, params);
    return `SELECT ${[...keys, ...parts].join(", ")} FROM events WHERE ${where}${grouped}`;
  };
  const events = plan.parts.filter(({ table }) => table === "events");
  const held = plan.parts.filter(({ table }) => table !== "events").flatMap((part) => readParts(own, part));
  const branches = [
    ...(events.length === 0 ? [] : [ofEvents(events)]),
    ...readTogether(held, ({ by }) => by).map(ofRollup),
  ];
  return `(${branches.join("\nUNION ALL\n")})`;
};

/** How the partial results of {@link ownSource} are merged to fewer, so that several sets of groups are made of them; null where they are not. */
export const mergedOwnParts = (own: OwnReading, params: Params): MergedParts | null => {
  const columns = columnsOf(own, params);
  if (columns.some(({ merge }) => merge === null)) return null;
  return {
    columns: columns.map(({ column, merge }) => `${merge}(parts.part_${column}) AS part_${column}`),
    groups: own.currency === null ? [] : ["part_currency"],
  };
};

const same = (expression: string): MeasureSql => ({ select: expression, order: expression });

/** A measure over the partial results of {@link ownSource}. */
export const measureOfOwn = (
  { type, formula }: Measure,
  column: OwnColumn,
  sketchBits: number,
  params: Params,
): MeasureSql => {
  const held = (aggregate: string, part: string, levels = ""): string =>
    "currency" in column && column.currency !== null
      ? `${aggregate}If${levels}(${part}, part_currency = ${params.place("String", column.currency)})`
      : `${aggregate}${levels}(${part})`;
  switch (column.kind) {
    case "COUNT":
      return same("sum(part_events)");
    case "FORMULA":
      if (formula.kind !== "FORMULA") throw new Error("A formula is read as another measure.");
      return same(arithmeticSql(formula.of, params));
    case "UNIQUES":
      return same(`uniqCombined64Merge(${sketchBits})(part_${column.slot})`);
    case "QUANTILE":
      return same(
        `${held("quantilesTDigestMerge", `part_${column.slot}`, `(${params.place("Float64", column.level)})`)}[1]`,
      );
    case "AVG": {
      const count = held("sum", `part_${column.slot}_count`);
      return same(`toFloat64(${held("sum", `part_${column.slot}_sum`)}) / nullIf(${count}, 0)`);
    }
    case "SUM":
    case "MIN":
    case "MAX": {
      const name = column.kind.toLowerCase();
      const value = held(name, `part_${column.slot}_${name}`);
      return type === "DECIMAL" ? { select: `toString(${value})`, order: value } : same(value);
    }
  }
};
