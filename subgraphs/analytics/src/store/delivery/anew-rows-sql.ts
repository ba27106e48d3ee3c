import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Cell } from "../../domain/columns.ts";
import type { LastRow, Snapshot } from "../../domain/delivery/answer-mark.ts";
import type { Field } from "../../domain/field.ts";
import type { Measure } from "../../domain/measures.ts";
import type { AnalyticQuery, OrderStep, SortDirection } from "../../domain/query.ts";
import { spanSql } from "../exact-sum-sql.ts";
import { numberOf, type MeasureSql } from "../measure-sql.ts";
import { bodyOf, havingTests, orderSql, type OlapRequest } from "../olap-sql.ts";
import { createParams, type Params } from "../params.ts";
import { keyAliases } from "../source-sql.ts";
import { momentSql, sinceSql, untilSql } from "../time-sql.ts";

/** The batches of a tenant that were received last, newest first. */
export const newestBatchesStatement = (tenantId: string, most: number): StoreStatement => ({
  name: "newest-batches",
  text: [
    "SELECT toString(batch_id) AS batch, toUnixTimestamp64Milli(received_at) AS received FROM batches",
    "WHERE tenant_id = {tenant: String} ORDER BY received_at DESC, batch_id DESC LIMIT 1 BY batch_id",
    "LIMIT {most: UInt64}",
  ].join("\n"),
  params: { tenant: tenantId, most },
});

/** One step of a total order, and the value the last row has at it; missing values come last in either direction. */
interface OrderTerm {
  readonly expression: string;
  readonly direction: SortDirection;
  /** The place of the last row's value; null where that is missing. */
  readonly value: string | null;
}

/** Events that the snapshot holds. */
const snapshotSql = ({ settledMs, batches }: Snapshot, params: Params): string =>
  `(received_at < ${momentSql(settledMs, params)} OR batch_id IN ${params.place("Array(UUID)", batches)})`;

const decimalPlace = (cell: Cell, params: Params): string | null =>
  cell === null ? null : `toDecimal128(${params.place("String", String(cell))}, 4)`;

/** The bits of a number as text: read as text, a number may come out another in its last digit. */
const bitsOf = (number: number): string => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString();
};
const numberPlace = (cell: Cell, params: Params): string | null =>
  cell === null ? null : `reinterpretAsFloat64(toUInt64(${params.place("String", bitsOf(Number(cell)))}))`;

/** The steps of `groupOrder` for a field. */
const fieldTerms = (
  field: Field,
  alias: string,
  direction: SortDirection,
  cell: Cell,
  params: Params,
): readonly OrderTerm[] => {
  const text = (): string => params.place("String", String(cell));
  if (field.kind === "PROPERTY") return [{ expression: alias, direction, value: cell === null ? null : text() }];
  switch (field.type) {
    case "TEXT":
    case "LIST":
      return [
        { expression: `(${alias} = '')`, direction: "ASC", value: params.place("Int64", cell === "" ? 1 : 0) },
        { expression: alias, direction, value: text() },
      ];
    case "DECIMAL":
      return [{ expression: `toDecimal128OrNull(${alias}, 4)`, direction, value: decimalPlace(cell, params) }];
    case "ID":
      return [{ expression: alias, direction, value: text() }];
    case "BOOLEAN":
    case "INTEGER":
    case "TIME":
      return [{ expression: alias, direction, value: params.place("Int64", String(cell)) }];
  }
};

const measureTerm = (
  { type }: Measure,
  { order }: Pick<MeasureSql, "order">,
  direction: SortDirection,
  cell: Cell,
  params: Params,
): OrderTerm => {
  switch (type) {
    case "INTEGER":
      return {
        expression: order,
        direction,
        value: cell === null ? null : params.place("UInt64", String(cell)),
      };
    case "NUMBER":
      // Quantiles of nothing are no number, which is ordered and told as a missing value is.
      return {
        expression: `if(isNaN(${order}), NULL, toFloat64(${order}))`,
        direction,
        value: numberPlace(cell, params),
      };
    case "DECIMAL":
      return { expression: order, direction, value: decimalPlace(cell, params) };
  }
};

/** The steps of `orderSql` for one column. */
const stepTerms = (
  query: AnalyticQuery,
  { place, direction }: OrderStep,
  measures: readonly MeasureSql[],
  last: LastRow,
  params: Params,
): readonly OrderTerm[] => {
  if (place.kind === "TIME")
    return [{ expression: "b", direction, value: params.place("Int64", (last.bucketMs ?? 0) / 1_000) }];
  const { index } = place;
  if (place.kind === "DIMENSION") {
    const field = query.dimensions[index];
    return field === undefined ? [] : fieldTerms(field, `d${index}`, direction, last.dimensions[index] ?? null, params);
  }
  const [measure, sql] = [query.measures[index], measures[index]];
  return measure === undefined || sql === undefined
    ? []
    : [measureTerm(measure, sql, direction, last.measures[index] ?? null, params)];
};

/** Keys that break ties, as `orderSql` does. */
const tieSteps = (query: AnalyticQuery): readonly OrderStep[] => [
  ...(query.buckets === null ? [] : [{ place: { kind: "TIME" }, direction: "ASC" } as const]),
  ...query.dimensions.map((_field, index) => ({ place: { kind: "DIMENSION", index }, direction: "ASC" }) as const),
];

const behindOf = ({ expression, direction, value }: OrderTerm): string =>
  value === null ? "0" : `ifNull(${expression} ${direction === "ASC" ? ">" : "<"} ${value}, 1)`;
const sameOf = ({ expression, value }: OrderTerm): string =>
  value === null ? `isNull(${expression})` : `ifNull(${expression} = ${value}, 0)`;

/** Whether a row comes behind the last one in the order of some terms; `same` is what holds for a row that is equal in all of them. */
const behindSql = (terms: readonly OrderTerm[], same: "0" | "1"): string =>
  terms.reduceRight<string>((rest, term) => `(${behindOf(term)} OR (${sameOf(term)} AND ${rest}))`, same);

/** The part of the range in which buckets from the last one on lie, where the order begins with time: the store finds it by its index. */
const timeLeft = ({ buckets }: AnalyticQuery, [first]: readonly OrderStep[], last: LastRow, params: Params) => {
  if (buckets === null || first?.place.kind !== "TIME" || last.bucketMs === null) return [];
  if (first.direction === "ASC") return [sinceSql(last.bucketMs, params)];
  const end = buckets.startsMs.find((ms) => ms > (last.bucketMs ?? 0));
  return end === undefined ? [] : [untilSql(end, params)];
};

/** Conditions on events and on groups that leave what comes behind the last row. Where the order begins with keys, events of earlier groups are left out before they are grouped. */
const restOf = (request: OlapRequest, measures: readonly MeasureSql[], last: LastRow, params: Params) => {
  const { query, orderBy } = request;
  const steps = [...orderBy, ...tieSteps(query)];
  const terms = (some: readonly OrderStep[]): readonly OrderTerm[] =>
    some.flatMap((step) => stepTerms(query, step, measures, last, params));
  const firstMeasure = steps.findIndex(({ place }) => place.kind === "MEASURE");
  const leading = terms(firstMeasure < 0 ? steps : steps.slice(0, firstMeasure));
  const ofEvents = leading.length === 0 ? [] : [behindSql(leading, firstMeasure < 0 ? "0" : "1")];
  return {
    ofEvents: [...timeLeft(query, steps, last, params), ...ofEvents],
    ofGroups: firstMeasure < 0 ? [] : [behindSql(terms(steps), "0")],
  };
};

/**
 * The measures over everything in a snapshot, as a row of `olapStatement`; and between which powers of two the numbers lie that some of them add up, as
 * `lowest` and `highest` with their places.
 */
export const anewTotalsStatement = (
  request: OlapRequest,
  tenantId: string,
  snapshot: Snapshot,
  summed: readonly number[],
): StoreStatement => {
  const params = createParams();
  const { from, measures } = bodyOf(request, tenantId, params);
  const selected = measures.map(({ select }, index) => `${select} AS m${index}`);
  const spans = summed.flatMap((index) => {
    const measure = request.query.measures[index];
    if (measure === undefined || (measure.formula.kind !== "SUM" && measure.formula.kind !== "AVG")) return [];
    const { lowest, highest } = spanSql(numberOf(measure.formula.of, measure.filter, params));
    return [`${lowest} AS lowest${index}`, `${highest} AS highest${index}`];
  });
  const text = `SELECT ${[...selected, ...spans].join(", ")}\nFROM ${from} AND ${snapshotSql(snapshot, params)}`;
  return { name: "olap-anew-totals", text, params: params.values };
};

/**
 * One page of a question's groups over the events of a snapshot, behind a row; the first page where `last` is null. Rows are named as those of `olapStatement`, and one
 * more than the limit tells that there is more.
 */
export const anewPageStatement = (
  request: OlapRequest,
  tenantId: string,
  snapshot: Snapshot,
  last: LastRow | null,
): StoreStatement => {
  const params = createParams();
  const { query, having, limit } = request;
  const { keys, from, measures } = bodyOf(request, tenantId, params);
  const rest = last === null ? { ofEvents: [], ofGroups: [] } : restOf(request, measures, last, params);
  const tests = [...havingTests(having, measures, params), ...rest.ofGroups];
  const selected = measures.map(({ select }, index) => `${select} AS m${index}`);
  const text = [
    `SELECT ${[...keys, ...selected].join(", ")}`,
    `FROM ${[from, snapshotSql(snapshot, params), ...rest.ofEvents].join(" AND ")}`,
    `GROUP BY ${keyAliases(query).join(", ")}`,
    ...(tests.length === 0 ? [] : [`HAVING ${tests.join(" AND ")}`]),
    `ORDER BY ${orderSql(request, measures)}`,
    `LIMIT ${params.place("UInt64", limit + 1)}`,
  ].join("\n");
  return { name: "olap-anew", text, params: params.values };
};
