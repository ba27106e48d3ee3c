import type { Granularity } from "../src/domain/calendar.ts";
import { cellsOf, type Column } from "../src/domain/columns.ts";
import { bucketLabel, type ReferenceRow, type ReferenceValue } from "./reference-olap.ts";

/** The values of a column, whatever its type, as the reference writes them. */
export const valuesOf = (column: Column): readonly ReferenceValue[] =>
  cellsOf(column).map((cell) => (typeof cell === "boolean" ? String(cell) : cell));

/** The rows of an answer in columns, as the reference writes them. */
export const rowsOf = (
  columns: readonly Column[],
  rowCount: number,
  granularity: Granularity,
  timeZone: string,
): readonly ReferenceRow[] =>
  Array.from({ length: rowCount }, (_row, index) => {
    const at = (role: Column["role"]): readonly ReferenceValue[] =>
      columns.filter((column) => column.role === role).map((column) => valuesOf(column)[index] ?? null);
    const [time] = at("TIME");
    return {
      label: time === undefined ? null : bucketLabel(Date.parse(String(time)), granularity, timeZone),
      dimensions: at("DIMENSION").map((value) => (value === null ? null : String(value))),
      measures: at("MEASURE"),
    };
  });

const close = (a: ReferenceValue, b: ReferenceValue): boolean =>
  typeof a === "number" && typeof b === "number"
    ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))
    : a === b;

const keyOf = (row: ReferenceRow): string => JSON.stringify([row.label, row.dimensions]);

/** What differs between an answer's rows and the reference's, in words; empty when they agree (floating point to 1e-9). */
export const differences = (actual: readonly ReferenceRow[], expected: readonly ReferenceRow[]): readonly string[] => {
  const byKey = new Map(expected.map((row) => [keyOf(row), row]));
  const wrong = actual.flatMap((row) => {
    const other = byKey.get(keyOf(row));
    byKey.delete(keyOf(row));
    if (other === undefined) return [`unexpected ${JSON.stringify(row)}`];
    const equal =
      row.measures.length === other.measures.length &&
      row.measures.every((value, index) => close(value, other.measures[index] ?? null));
    return equal ? [] : [`${JSON.stringify(row)} instead of ${JSON.stringify(other)}`];
  });
  return [...wrong, ...[...byKey.values()].map((row) => `missing ${JSON.stringify(row)}`)];
};
