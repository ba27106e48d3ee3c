import { refuse } from "@tessera/platform/errors/refusal";
import { evaluateArithmetic, namesInFormula, type Arithmetic } from "../arithmetic.ts";
import type { FieldAccess } from "../fields.ts";
import type { FilterInput } from "../filter-input.ts";
import { measureInputAt, parseMeasures, type Measure, type MeasureInput } from "../measures.ts";
import type { Quantity } from "./slice-measure.ts";

/** Measures a number may be made of and still be taken apart: with the count of events they are as many as a question may ask for. */
const MAX_MADE_OF = 9;
/** Columns of the questions that measure slices. */
const [UNITS, TOTAL] = ["change_units", "change_total"];

/** How a number is measured of a slice. */
export interface ChangeMeasure {
  readonly measures: readonly MeasureInput[];
  /** What its quantities' numbers are multiplied by to be the number that was asked for: 100 of percents. */
  readonly scale: number;
  /** Which of the question's events the number counts, of a ratio its upper part; null: all of them. */
  readonly counted: FilterInput | null;
  /** Reads a quantity from the columns of a row, by their names. */
  readonly quantityOf: (cell: (name: string) => number | null) => Quantity;
}

/** A quantile: how it is read, and the number that is taken apart in its place once a threshold is known, the share of its numbers beyond that. */
export interface QuantileMeasure {
  readonly quantile: MeasureInput;
  readonly beyond: (threshold: number) => ChangeMeasure;
}

const bad = (detail: string): Error => refuse("BAD_INPUT", detail, { field: "input.value.name" });

/** The measures that a measure computes with, itself the last, in the order they are written. */
const madeOf = (inputs: readonly (readonly [string, MeasureInput])[], name: string): readonly MeasureInput[] => {
  const place = inputs.findIndex(([own]) => own === name);
  const [, input] = inputs[place] ?? [];
  if (input === undefined) return [];
  if (input.function !== "FORMULA") return [input];
  const before = inputs.slice(0, place);
  const parts = namesInFormula(input.formula ?? "", "input.question").flatMap((one) => madeOf(before, one));
  return [...new Set([...parts, input])];
};

/** A quotient of two, and what it is multiplied by. */
interface Quotient {
  readonly value: Arithmetic;
  readonly base: Arithmetic;
  readonly scale: number;
}

/** A formula as a quotient of two: null where it is none. */
const quotientOf = (formula: Arithmetic, measures: readonly Measure[]): Quotient | null => {
  if (formula.kind === "NUMBER") return null;
  if (formula.kind === "COLUMN") {
    const inner = measures[formula.index]?.formula;
    return inner?.kind === "FORMULA" ? quotientOf(inner.of, measures) : null;
  }
  const { operator, left, right } = formula;
  if (operator === "/" && right.kind !== "NUMBER") return { value: left, base: right, scale: 1 };
  const [inner, factor] = left.kind === "NUMBER" ? [right, left] : [left, right];
  if (factor.kind !== "NUMBER" || (operator !== "*" && (operator !== "/" || factor === left))) return null;
  const quotient = quotientOf(inner, measures);
  const times = operator === "*" ? factor.value : 1 / factor.value;
  return quotient === null || !Number.isFinite(times) ? null : { ...quotient, scale: quotient.scale * times };
};

const isSum = (formula: Arithmetic, measures: readonly Measure[]): boolean => {
  if (formula.kind === "NUMBER") return true;
  if (formula.kind === "COLUMN") {
    const inner = measures[formula.index]?.formula;
    if (inner?.kind === "FORMULA") return isSum(inner.of, measures);
    return inner?.kind === "COUNT" || inner?.kind === "SUM" || inner?.kind === "UNIQUES";
  }
  const { operator, left, right } = formula;
  if (operator === "+" || operator === "-") return isSum(left, measures) && isSum(right, measures);
  const scaled = operator === "*" && left.kind === "NUMBER" ? right : left;
  return (
    (left.kind === "NUMBER" || right.kind === "NUMBER") &&
    isSum(scaled, measures) &&
    (operator === "*" || scaled === left)
  );
};

/** Places of the measures that a formula computes with in the end. */
const countedIn = (formula: Arithmetic, measures: readonly Measure[]): readonly number[] => {
  if (formula.kind === "NUMBER") return [];
  if (formula.kind !== "COLUMN") return [formula.left, formula.right].flatMap((part) => countedIn(part, measures));
  const inner = measures[formula.index]?.formula;
  return inner?.kind === "FORMULA" ? countedIn(inner.of, measures) : [formula.index];
};

/** The events that any of some measures counts. */
const countedBy = (inputs: readonly (MeasureInput | undefined)[]): FilterInput | null => {
  const filters = [...new Set(inputs.map((input) => input?.filter ?? null))];
  const known = filters.flatMap((filter) => filter ?? []);
  if (known.length < filters.length) return null;
  return known.length > 1 ? { or: known } : (known[0] ?? null);
};

const NOT_TAKEN_APART =
  "Only counts, distinct counts, sums, averages, formulas that add those up or divide two of them, and quantiles can be taken apart: name another number.";

const ofFormula = (inputs: readonly MeasureInput[], access: FieldAccess): ChangeMeasure => {
  const measures = parseMeasures(inputs, "input.question", access);
  const formula = measures.at(-1)?.formula;
  if (formula?.kind !== "FORMULA") throw new Error("The last of the measures is the formula.");
  const quotient = quotientOf(formula.of, measures);
  const parts = quotient === null ? [formula.of] : [quotient.value, quotient.base];
  if (!parts.every((part) => isSum(part, measures))) throw bad(NOT_TAKEN_APART);
  const count: MeasureInput = { name: UNITS, function: "COUNT" };
  return {
    measures: [...inputs, count],
    scale: quotient?.scale ?? 1,
    counted: countedBy(countedIn(parts[0] ?? formula.of, measures).map((index) => inputs[index])),
    quantityOf: (cell) => {
      const columns = measures.map(({ name }) => cell(name) ?? 0);
      const units = cell(UNITS) ?? 0;
      if (quotient === null) return { value: evaluateArithmetic(formula.of, columns) ?? 0, base: null, units };
      const [value, base] = [quotient.value, quotient.base].map((part) => evaluateArithmetic(part, columns) ?? 0);
      // A ratio of persons is drawn from persons, one of amounts from events.
      return { value: value ?? 0, base: base ?? 0, units: Math.min(units, Math.max(0, base ?? 0)) };
    },
  };
};

const ofAverage = (input: MeasureInput): ChangeMeasure => {
  const [name, filter] = [input.name ?? "average", input.filter ?? null];
  return {
    measures: [
      { ...input, name },
      { ...input, name: TOTAL, function: "SUM" },
      { name: UNITS, function: "COUNT", filter },
    ],
    scale: 1,
    counted: filter,
    quantityOf: (cell) => {
      const [average, value] = [cell(name) ?? 0, cell(TOTAL) ?? 0];
      // An average of 0 does not tell of how many: of all events then.
      const base = average === 0 ? (cell(UNITS) ?? 0) : Math.round(value / average);
      return { value, base, units: base };
    },
  };
};

const ofSum = (input: MeasureInput): ChangeMeasure => ({
  measures: [
    { ...input, name: TOTAL },
    { name: UNITS, function: "COUNT", filter: input.filter ?? null },
  ],
  scale: 1,
  counted: input.filter ?? null,
  quantityOf: (cell) => {
    const [value, events] = [cell(TOTAL) ?? 0, cell(UNITS) ?? 0];
    return { value, base: null, units: input.function === "SUM" ? events : value };
  },
});

const ofQuantile = ({ name: _name, levels: _levels, ...input }: MeasureInput, level: number): QuantileMeasure => {
  const [field, currency, filter] = [input.of ?? "", input.currency ?? null, input.filter ?? null];
  const held: readonly FilterInput[] = [
    ...(filter === null ? [] : [filter]),
    ...(currency === null ? [] : [{ field: "currency", eq: currency }]),
  ];
  return {
    quantile: { ...input, name: TOTAL, levels: [level] },
    beyond: (threshold) => {
      const above: FilterInput = { and: [{ field, gt: threshold }, ...held] };
      const known: FilterInput = {
        and: [
          {
            or: [
              { field, gt: threshold },
              { field, lte: threshold },
            ],
          },
          ...held,
        ],
      };
      return {
        measures: [
          { name: TOTAL, function: "COUNT", filter: above },
          { name: UNITS, function: "COUNT", filter: known },
        ],
        scale: 1,
        counted: above,
        quantityOf: (cell) => {
          const numbers = cell(UNITS) ?? 0;
          return { value: cell(TOTAL) ?? 0, base: numbers, units: numbers };
        },
      };
    },
  };
};

/** How a number among those of a question, as they were sent and as they were read, is measured of slices; refuses with BAD_INPUT one that is no sum, no ratio of sums and no quantile. */
export const changeMeasure = (
  inputs: readonly MeasureInput[],
  measures: readonly Measure[],
  name: string,
  access: FieldAccess,
): ChangeMeasure | QuantileMeasure => {
  const names = measures.flatMap(({ name: own }, index) => {
    const input = measureInputAt(inputs, index);
    return input === undefined ? [] : [[own, input] as const];
  });
  const needed = madeOf(names, name);
  const [last] = needed.toReversed();
  if (last === undefined) throw new Error("A chosen number is one of the question's.");
  if (needed.length > MAX_MADE_OF) throw bad(`A number of more than ${MAX_MADE_OF} measures is not taken apart.`);
  const shown = needed.map((input): MeasureInput => {
    const [own = ""] = names.find(([, one]) => one === input) ?? [];
    const { metric, ...rest } = input;
    return { ...rest, name: own, ...(metric === undefined ? {} : { metric: "SHOWN" }) };
  });
  const [own = last] = shown.toReversed();
  switch (last.function) {
    case "FORMULA":
      return ofFormula(shown, access);
    case "AVG":
      return ofAverage(own);
    case "COUNT":
    case "UNIQUES":
    case "SUM":
      return ofSum(own);
    case "QUANTILES": {
      const formula = measures.find((one) => one.name === name)?.formula;
      if (formula?.kind !== "QUANTILE") throw new Error("A column of QUANTILES is a quantile.");
      return ofQuantile(own, formula.level);
    }
    case "MIN":
    case "MAX":
      throw bad(NOT_TAKEN_APART);
  }
};
