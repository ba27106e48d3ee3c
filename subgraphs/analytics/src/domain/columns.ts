import { evaluateArithmetic } from "./arithmetic.ts";
import type { Field } from "./field.ts";
import type { Measure } from "./measures.ts";
import { isoTime } from "./zone.ts";

/** What a column of an answer is. */
export type ColumnRole = "TIME" | "DIMENSION" | "MEASURE";

interface Named {
  readonly name: string;
  readonly role: ColumnRole;
}

/** A column of an answer, as in the SDL. */
export type Column =
  | (Named & { readonly kind: "TEXT"; readonly texts: readonly (string | null)[] })
  | (Named & { readonly kind: "INTEGER"; readonly integers: readonly (number | null)[] })
  | (Named & { readonly kind: "NUMBER"; readonly numbers: readonly (number | null)[] })
  | (Named & { readonly kind: "DECIMAL"; readonly decimals: readonly (string | null)[] })
  | (Named & { readonly kind: "BOOLEAN"; readonly booleans: readonly (boolean | null)[] })
  | (Named & { readonly kind: "TIME"; readonly times: readonly (string | null)[] });

/** The values of a column, whatever they are: decimals and times as text. */
export const cellsOf = (column: Column): readonly (string | number | boolean | null)[] => {
  switch (column.kind) {
    case "TEXT":
      return column.texts;
    case "INTEGER":
      return column.integers;
    case "NUMBER":
      return column.numbers;
    case "DECIMAL":
      return column.decimals;
    case "BOOLEAN":
      return column.booleans;
    case "TIME":
      return column.times;
  }
};

/** A value of a group or a measure as the store's rows give it: decimals as text, truth as 0 or 1, times as milliseconds. */
export type Cell = string | number | null;

const asText = (cell: Cell): string | null => (cell === null ? null : String(cell));
const asNumber = (cell: Cell): number | null => (cell === null ? null : Number(cell));

/** The text a group's value is known by; null where events carry none. */
export const dimensionText = (field: Field, cell: Cell): string | null => {
  if (field.kind === "PROPERTY" || cell === null) return asText(cell);
  switch (field.type) {
    case "TEXT":
    case "ID":
    case "LIST":
      return cell === "" ? null : String(cell);
    case "BOOLEAN":
      return Number(cell) === 1 ? "true" : "false";
    case "TIME":
      return isoTime(Number(cell));
    case "INTEGER":
    case "DECIMAL":
      return String(cell);
  }
};

/** Makes the column of a dimension from the cells of its rows. */
export const dimensionColumn = (field: Field, cells: readonly Cell[]): Column => {
  const named = { name: field.name, role: "DIMENSION" } as const;
  const texts = (): readonly (string | null)[] => cells.map((cell) => dimensionText(field, cell));
  if (field.kind === "PROPERTY") return { ...named, kind: "TEXT", texts: texts() };
  switch (field.type) {
    case "TEXT":
    case "ID":
    case "LIST":
      return { ...named, kind: "TEXT", texts: texts() };
    case "BOOLEAN":
      return { ...named, kind: "BOOLEAN", booleans: cells.map((cell) => Number(cell) === 1) };
    case "TIME":
      return { ...named, kind: "TIME", times: texts() };
    case "INTEGER":
      return { ...named, kind: "INTEGER", integers: cells.map(asNumber) };
    case "DECIMAL":
      return { ...named, kind: "DECIMAL", decimals: cells.map(asText) };
  }
};

/** Makes the column of a measure from the cells of its rows. */
export const measureColumn = (measure: Measure, cells: readonly Cell[]): Column => {
  const named = { name: measure.name, role: "MEASURE" } as const;
  switch (measure.type) {
    case "INTEGER":
      return { ...named, kind: "INTEGER", integers: cells.map(asNumber) };
    case "NUMBER":
      return { ...named, kind: "NUMBER", numbers: cells.map(asNumber) };
    case "DECIMAL":
      return { ...named, kind: "DECIMAL", decimals: cells.map(asText) };
  }
};

/** What measures say of no events: counts and sums are zero, formulas what they make of the measures before them, everything else is unknown. */
export const emptyCells = (measures: readonly Measure[]): readonly Cell[] => {
  const cells: Cell[] = [];
  for (const { formula, type } of measures) {
    if (formula.kind === "FORMULA") cells.push(evaluateArithmetic(formula.of, cells.map(asNumber)));
    else if (formula.kind === "COUNT" || formula.kind === "UNIQUES") cells.push(0);
    else if (formula.kind === "SUM") cells.push(type === "DECIMAL" ? "0" : 0);
    else cells.push(null);
  }
  return cells;
};
