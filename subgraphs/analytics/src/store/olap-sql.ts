import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Cell } from "../domain/columns.ts";
import type { Plan, PlanPart } from "../domain/planner.ts";
import type { AnalyticQuery, MeasureTest, OrderStep } from "../domain/query.ts";
import type { CoarserGroups } from "../domain/subtotals.ts";
import { COMPARISON_SQL } from "./condition-sql.ts";
import { groupExpression, groupOrder } from "./group-sql.ts";
import { measureOfEvents, measureOfParts, type MeasureSql } from "./measure-sql.ts";
import { createParams, type Params } from "./params.ts";
import { measureOfOwn, ownSource } from "./rollups/own-source-sql.ts";
import { keyAliases, keySelects, partWhere, stitchedSource } from "./source-sql.ts";

/** What one statement asks for beside the query itself. */
export interface OlapRequest {
  readonly query: AnalyticQuery;
  readonly plan: Plan;
  readonly orderBy: readonly OrderStep[];
  /** Groups at most. */
  readonly limit: number;
  /** What groups pass to be answered; totals are of all groups. */
  readonly having: readonly MeasureTest[];
  /** Which dimension values are read; null for all. */
  readonly lines: LineChoice | null;
  /** Fewer groups that are read in the same statement, of all lines; none unless given. */
  readonly coarser?: readonly CoarserGroups[];
}

/** Only groups of some dimension values, or all others; lines that are shorter are of the first dimensions alone. */
export interface LineChoice {
  readonly kind: "ONLY" | "EXCEPT";
  readonly lines: readonly (readonly Cell[])[];
}

/** Text of a dimension's cell that keeps a missing value apart from an empty one. */
const lineText = (cell: Cell): string => (cell === null ? "" : `=${cell}`);

const lineExpression = (expression: string, nullable: boolean): string =>
  nullable ? `ifNull(concat('=', ${expression}), '')` : `concat('=', toString(${expression}))`;

/** The condition that lets rows of the chosen dimension values through, given each dimension as text. */
const chosenLines = ({ kind, lines }: LineChoice, all: readonly string[], params: Params): string => {
  const texts = all.slice(0, lines[0]?.length ?? all.length);
  const values = texts.map((_text, index) =>
    params.place(
      "Array(String)",
      lines.map((line) => lineText(line[index] ?? null)),
    ),
  );
  const found =
    texts.length === 1
      ? `${texts.join("")} IN ${values.join("")}`
      : `(${texts.join(", ")}) IN arrayZip(${values.join(", ")})`;
  return kind === "ONLY" ? found : `NOT (${found})`;
};

/** The condition on single events that lets the chosen dimension values through; none for all. */
export const linesOfEvents = (query: AnalyticQuery, choice: LineChoice | null, params: Params): readonly string[] => {
  const texts = query.dimensions.map((field) =>
    lineExpression(groupExpression(field, params), field.kind === "PROPERTY" || field.type === "DECIMAL"),
  );
  return choice === null ? [] : [chosenLines(choice, texts, params)];
};

/** The tests that groups must pass, each an expression that is 1 or 0. */
export const havingTests = (
  having: readonly MeasureTest[],
  measures: readonly Pick<MeasureSql, "order">[],
  params: Params,
): readonly string[] =>
  having.map(({ index, comparison, value }) => {
    const number = `toFloat64(${measures[index]?.order ?? "NULL"})`;
    return `ifNull(${number} ${COMPARISON_SQL[comparison]} ${params.place("Float64", value)}, 0)`;
  });

/** What groups must pass, as a clause; the row over everything always passes. */
export const havingSql = (
  having: readonly MeasureTest[],
  total: string,
  measures: readonly Pick<MeasureSql, "order">[],
  params: Params,
): readonly string[] => {
  const tests = havingTests(having, measures, params);
  return tests.length === 0 ? [] : [`HAVING ${total} OR (${tests.join(" AND ")})`];
};

const eventsPart = (plan: Plan): PlanPart => {
  const [part] = plan.parts;
  if (part === undefined) throw new Error("A plan has at least one part.");
  return part;
};

/** The order of a request's groups; ties by the keys, so that it is total. */
export const orderSql = (
  { query, orderBy }: Pick<OlapRequest, "query" | "orderBy">,
  measures: readonly Pick<MeasureSql, "order">[],
): string => {
  const steps = orderBy.map(({ place, direction }) => {
    if (place.kind === "TIME") return `b ${direction}`;
    const field = place.kind === "DIMENSION" ? query.dimensions[place.index] : undefined;
    if (field !== undefined) return groupOrder(field, `d${place.index}`, direction);
    return `${measures[place.index]?.order ?? "1"} ${direction} NULLS LAST`;
  });
  const ties = [
    ...(query.buckets === null ? [] : ["b ASC"]),
    ...query.dimensions.map((field, index) => groupOrder(field, `d${index}`, "ASC")),
  ];
  return [...steps, ...ties].join(", ");
};

/** Keys, source and measures of a request: over single events directly, or over the partial results of a stitched source. */
export const bodyOf = (
  { query, plan, lines }: Pick<OlapRequest, "query" | "plan" | "lines">,
  tenantId: string,
  params: Params,
): { keys: readonly string[]; from: string; measures: readonly MeasureSql[] } => {
  if (plan.rollup === null) {
    const where = [
      partWhere(eventsPart(plan), query.filter, tenantId, params),
      ...linesOfEvents(query, lines, params),
    ].join(" AND ");
    return {
      keys: keySelects(query, "events", params),
      from: `events WHERE ${where}`,
      measures: query.measures.map((measure) => measureOfEvents(measure, query.measures, plan.sketchBits, params)),
    };
  }
  const { own, sketchBits } = plan;
  const source =
    own === undefined ? stitchedSource(query, plan, tenantId, params) : ownSource(query, plan, own, tenantId, params);
  return {
    keys: keyAliases(query),
    from: lines === null ? source : `${source} WHERE ${stitchedLines(query, lines, params)}`,
    measures: query.measures.map((measure, index) => {
      const column = own?.columns[index];
      return column === undefined
        ? measureOfParts(measure, sketchBits, params)
        : measureOfOwn(measure, column, sketchBits, params);
    }),
  };
};

/** In a stitched source the dimensions are texts already, under their aliases. */
const stitchedLines = (query: AnalyticQuery, choice: LineChoice, params: Params): string =>
  chosenLines(
    choice,
    query.dimensions.map((field, index) => lineExpression(`d${index}`, field.kind === "PROPERTY")),
    params,
  );

/**
 * One statement for groups and totals: rows have `total` (1 for the row over everything), the keys `b`, `d0` ... and the measures `m0` ... .
 * Totals come first and are not counted by the limit; one row more than the limit tells that there is more.
 */
export const olapStatement = (request: OlapRequest, tenantId: string): StoreStatement => {
  const params = createParams();
  const { query, limit } = request;
  const { keys, from, measures } = bodyOf(request, tenantId, params);
  const selected = measures.map(({ select }, index) => `${select} AS m${index}`);
  const aliases = keyAliases(query);
  const [first] = aliases;
  if (first === undefined)
    return {
      name: "olap-total",
      text: `SELECT 1 AS total, ${selected.join(", ")}\nFROM ${from}`,
      params: params.values,
    };
  const text = [
    `SELECT grouping(${first}) AS total, ${[...keys, ...selected].join(", ")}`,
    `FROM ${from}`,
    `GROUP BY GROUPING SETS ((${aliases.join(", ")}), ())`,
    ...havingSql(request.having, "total = 1", measures, params),
    `ORDER BY total DESC, ${orderSql(request, measures)}`,
    `LIMIT ${params.place("UInt64", limit + 2)}`,
  ].join("\n");
  return { name: "olap", text, params: params.values };
};
