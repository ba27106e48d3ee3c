import type { Measure, MeasureFormula, NumberSource, UniquesOf } from "../domain/measures.ts";
import { groupExpression, propertyNumber } from "./field-sql.ts";
import type { Params } from "./params.ts";

/** A measure as SQL: what is selected, and what rows are ordered by (numbers, where decimals are selected as text). */
export interface MeasureSql {
  readonly select: string;
  readonly order: string;
}

const same = (expression: string): MeasureSql => ({ select: expression, order: expression });
const asText = (expression: string): MeasureSql => ({ select: `toString(${expression})`, order: expression });

const currencyIs = (currency: string, params: Params): string => `currency = ${params.place("String", currency)}`;

/** The number an event contributes; null where it has none. */
const numberOf = (of: NumberSource, params: Params): string => {
  if (of.kind === "PROPERTY") return propertyNumber(of.field.path, params);
  return of.currency === null ? "revenue" : `if(${currencyIs(of.currency, params)}, revenue, NULL)`;
};

const uniquesOfEvents = (of: UniquesOf, exact: boolean, sketchBits: number, params: Params): string => {
  const count = (arguments_: string, conditional: boolean): string =>
    exact
      ? `uniqExact${conditional ? "If" : ""}(${arguments_})`
      : `uniqCombined64${conditional ? "If" : ""}(${sketchBits})(${arguments_})`;
  if (of.kind === "PERSONS") return count("person, person != 0", true);
  if (of.kind === "SESSIONS") return count("session_id, session_id != ''", true);
  const value = groupExpression(of.field, params);
  const textual = of.field.kind === "COLUMN" && ["TEXT", "LIST"].includes(of.field.type);
  return textual ? count(`${value}, ${value} != ''`, true) : `ifNull(${count(value, false)}, 0)`;
};

/** All levels asked of one source are computed by one aggregate, of which each column takes its element. */
const quantileOfEvents = (
  formula: Extract<MeasureFormula, { kind: "QUANTILE" }>,
  all: readonly Measure[],
  params: Params,
): string => {
  const number = `toFloat64(${numberOf(formula.of, params)})`;
  const levels = all.flatMap(({ formula: other }) =>
    other.kind === "QUANTILE" && other.exact === formula.exact && `toFloat64(${numberOf(other.of, params)})` === number
      ? [other.level]
      : [],
  );
  const places = levels.map((level) => params.place("Float64", level)).join(", ");
  const aggregate = formula.exact ? "quantilesExactInclusive" : "quantilesTDigest";
  return `${aggregate}(${places})(${number})[${levels.indexOf(formula.level) + 1}]`;
};

/** A measure over the rows of single events. */
export const measureOfEvents = (
  { formula, type }: Measure,
  all: readonly Measure[],
  sketchBits: number,
  params: Params,
): MeasureSql => {
  switch (formula.kind) {
    case "COUNT":
      return same("count()");
    case "UNIQUES":
      return same(uniquesOfEvents(formula.of, formula.exact, sketchBits, params));
    case "QUANTILE":
      return same(quantileOfEvents(formula, all, params));
    case "AVG": {
      const number = numberOf(formula.of, params);
      return same(`toFloat64(sum(${number})) / nullIf(count(${number}), 0)`);
    }
    case "SUM":
    case "MIN":
    case "MAX": {
      const aggregate = `${formula.kind.toLowerCase()}(${numberOf(formula.of, params)})`;
      const value = formula.kind === "SUM" ? `ifNull(${aggregate}, 0)` : aggregate;
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
