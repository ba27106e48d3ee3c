import type { Condition } from "../domain/field.ts";
import type { ExactSpan, Measure, MeasureFormula, NumberSource, UniquesOf } from "../domain/measures.ts";
import { arithmeticSql } from "./arithmetic-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { exactSumSql } from "./exact-sum-sql.ts";
import { groupExpression } from "./group-sql.ts";
import { propertyNumber } from "./property-sql.ts";
import type { Params } from "./params.ts";

/** A measure as SQL: what is selected, and what rows are ordered by (numbers, where decimals are selected as text). */
export interface MeasureSql {
  readonly select: string;
  readonly order: string;
}

const same = (expression: string): MeasureSql => ({ select: expression, order: expression });
const asText = (expression: string): MeasureSql => ({ select: `toString(${expression})`, order: expression });

const currencyIs = (currency: string, params: Params): string => `currency = ${params.place("String", currency)}`;

/** The number an event contributes; null where it has none, or does not pass the measure's filter. */
export const numberOf = (of: NumberSource, filter: Condition | null, params: Params): string => {
  const number = of.kind === "PROPERTY" ? propertyNumber(of.field.path, params) : "revenue";
  const tests = [
    ...(of.kind === "REVENUE" && of.currency !== null ? [currencyIs(of.currency, params)] : []),
    ...(filter === null ? [] : [conditionSql(filter, params)]),
  ];
  return tests.length === 0 ? number : `if(${tests.join(" AND ")}, ${number}, NULL)`;
};

const sumSql = (number: string, { exactly }: { readonly exactly?: ExactSpan }, params: Params): string =>
  exactly === undefined ? `sum(${number})` : exactSumSql(number, exactly, params);

const uniquesOfEvents = (
  { of, exact }: { readonly of: UniquesOf; readonly exact: boolean },
  filter: Condition | null,
  sketchBits: number,
  params: Params,
): string => {
  const passed = filter === null ? [] : [conditionSql(filter, params)];
  const count = (value: string, tests: readonly string[]): string => {
    const name = exact ? "uniqExact" : "uniqCombined64";
    const size = exact ? "" : `(${sketchBits})`;
    return tests.length === 0 ? `${name}${size}(${value})` : `${name}If${size}(${value}, ${tests.join(" AND ")})`;
  };
  if (of.kind === "PERSONS") return count("person", ["person != 0", ...passed]);
  if (of.kind === "SESSIONS") return count("session_id", ["session_id != ''", ...passed]);
  const value = groupExpression(of.field, params);
  const textual = of.field.kind !== "PROPERTY" && ["TEXT", "LIST"].includes(of.field.type);
  return textual ? count(value, [`${value} != ''`, ...passed]) : `ifNull(${count(value, passed)}, 0)`;
};

/** All levels asked of one source are computed by one aggregate, of which each column takes its element. */
const quantileOfEvents = (
  formula: Extract<MeasureFormula, { kind: "QUANTILE" }>,
  filter: Condition | null,
  all: readonly Measure[],
  params: Params,
): string => {
  const number = `toFloat64(${numberOf(formula.of, filter, params)})`;
  const levels = all.flatMap(({ formula: other, filter: its }) =>
    other.kind === "QUANTILE" &&
    other.exact === formula.exact &&
    `toFloat64(${numberOf(other.of, its, params)})` === number
      ? [other.level]
      : [],
  );
  const places = levels.map((level) => params.place("Float64", level)).join(", ");
  const aggregate = formula.exact ? "quantilesExactInclusive" : "quantilesTDigest";
  return `${aggregate}(${places})(${number})[${levels.indexOf(formula.level) + 1}]`;
};

/** A measure over the rows of single events. */
export const measureOfEvents = (
  { formula, type, filter }: Measure,
  all: readonly Measure[],
  sketchBits: number,
  params: Params,
): MeasureSql => {
  switch (formula.kind) {
    case "COUNT":
      return same(filter === null ? "count()" : `countIf(${conditionSql(filter, params)})`);
    case "FORMULA":
      return same(arithmeticSql(formula.of, params));
    case "UNIQUES":
      return same(uniquesOfEvents(formula, filter, sketchBits, params));
    case "QUANTILE":
      return same(quantileOfEvents(formula, filter, all, params));
    case "AVG": {
      const number = numberOf(formula.of, filter, params);
      return same(`toFloat64(${sumSql(number, formula, params)}) / nullIf(count(${number}), 0)`);
    }
    case "SUM": {
      const number = numberOf(formula.of, filter, params);
      const sum = sumSql(number, formula, params);
      if (type === "DECIMAL") return asText(`ifNull(${sum}, 0)`);
      return same(formula.exactly === undefined ? `ifNull(${sum}, 0)` : `if(count(${number}) = 0, 0, ${sum})`);
    }
    case "MIN":
    case "MAX": {
      const value = `${formula.kind.toLowerCase()}(${numberOf(formula.of, filter, params)})`;
      return type === "DECIMAL" ? asText(value) : same(value);
    }
  }
};

const overCurrency = (aggregate: string, column: string, of: NumberSource, params: Params): string =>
  of.kind === "REVENUE" && of.currency !== null
    ? `${aggregate}If(${column}, ${currencyIs(of.currency, params)})`
    : `${aggregate}(${column})`;

/** A measure over partial results (columns `part_*`, see `sourceSql`), of a rollup and of the single events beside it alike. */
export const measureOfParts = ({ name, formula }: Measure, sketchBits: number, params: Params): MeasureSql => {
  switch (formula.kind) {
    case "COUNT":
      return same("sum(part_events)");
    case "FORMULA":
      return same(arithmeticSql(formula.of, params));
    case "UNIQUES":
      return same(
        `uniqCombined64Merge(${sketchBits})(${formula.of.kind === "PERSONS" ? "part_persons" : "part_sessions"})`,
      );
    case "SUM":
      return asText(overCurrency("sum", "part_revenue", formula.of, params));
    case "AVG": {
      const count = overCurrency("sum", "part_revenue_events", formula.of, params);
      return same(`toFloat64(${overCurrency("sum", "part_revenue", formula.of, params)}) / nullIf(${count}, 0)`);
    }
    case "MIN":
    case "MAX":
    case "QUANTILE":
      throw new Error(`No rollup holds what ${name} needs; the planner must not send it here.`);
  }
};
