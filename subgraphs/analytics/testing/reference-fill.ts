import type { MeasureInput } from "../src/domain/measures.ts";
import type { OlapInput } from "../src/domain/query.ts";
import { referenceFormula, referenceTotals, type ReferenceRow, type ReferenceValue } from "./reference-olap.ts";

interface Column {
  readonly input: MeasureInput;
  readonly decimal: boolean;
  readonly whole: boolean;
}

const columnsOf = (inputs: readonly MeasureInput[]): readonly Column[] =>
  inputs.flatMap((input) => {
    const column = {
      input,
      decimal: input.of === "revenue" && ["SUM", "MIN", "MAX"].includes(input.function),
      whole: input.function === "COUNT" || input.function === "UNIQUES",
    };
    return Array.from({ length: input.function === "QUANTILES" ? (input.levels ?? []).length : 1 }, () => column);
  });

/** The value so many steps of all steps from one to another, as a column writes it. */
const step = (from: number, to: number, steps: number, all: number, { decimal, whole }: Column): ReferenceValue => {
  if (whole) return Math.floor(from + ((to - from) * steps) / all + 0.5);
  if (!decimal) return from + ((to - from) * steps) / all;
  const [low, high] = [Math.round(from * 10_000), Math.round(to * 10_000)];
  return String((low + Math.floor((2 * (high - low) * steps + all) / (2 * all))) / 10_000);
};

const nearest = (cells: readonly (ReferenceValue | undefined)[], places: readonly number[]): number =>
  places.find((place) => cells[place] !== undefined && cells[place] !== null) ?? -1;

const madeCell = (
  cells: readonly (ReferenceValue | undefined)[],
  place: number,
  column: Column,
  fill: OlapInput["fill"],
): ReferenceValue => {
  const back = nearest(
    cells,
    Array.from({ length: place }, (_cell, index) => place - 1 - index),
  );
  const ahead = nearest(
    cells,
    cells.map((_cell, index) => index).filter((index) => index > place),
  );
  if (fill === "PREVIOUS") return cells[back] ?? null;
  if (back < 0 || ahead < 0) return null;
  return step(Number(cells[back]), Number(cells[ahead]), place - back, ahead - back, column);
};

/** The rows of one line in every bucket, computed cell by cell. */
const filledLine = (
  known: readonly (ReferenceRow | undefined)[],
  labels: readonly string[],
  dimensions: ReferenceRow["dimensions"],
  input: OlapInput,
): readonly ReferenceRow[] => {
  const columns = columnsOf(input.measures);
  return labels.map((label, place) => {
    const row = known[place];
    if (row !== undefined) return row;
    if (input.fill === "EMPTY") return { label, dimensions, measures: referenceTotals([], input) };
    const named = new Map<string, ReferenceValue>();
    const measures = columns.map((column, index) => {
      const { formula = null, name = null, function: fn } = column.input;
      const cells = known.map((one) => (one === undefined ? undefined : (one.measures[index] ?? null)));
      const value = formula === null ? madeCell(cells, place, column, input.fill) : referenceFormula(formula, named);
      if (name !== null && fn !== "QUANTILES") named.set(name, value);
      return value;
    });
    return { label, dimensions, measures };
  });
};

/** The groups of a question with a row for every bucket of the range, by the plain meaning of its `fill`. */
export const referenceFilled = (
  groups: readonly ReferenceRow[],
  labels: readonly string[],
  input: OlapInput,
): readonly ReferenceRow[] => {
  const lines = new Map(groups.map(({ dimensions }) => [JSON.stringify(dimensions), dimensions]));
  if ((input.dimensions ?? []).length === 0) lines.set("[]", []);
  return [...lines].flatMap(([key, dimensions]) => {
    const own = groups.filter((row) => JSON.stringify(row.dimensions) === key);
    const known = labels.map((label) => own.find((row) => row.label === label));
    return filledLine(known, labels, dimensions, input);
  });
};
