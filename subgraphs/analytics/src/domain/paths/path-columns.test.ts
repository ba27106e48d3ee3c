import { describe, expect, test } from "@jest/globals";
import type { PathUnitRow } from "./follow.ts";
import { eachPathUnit, type PathColumns } from "./path-columns.ts";

/** Events of units by the two words that tell them: so many of each. */
const columnsOf = (
  units: readonly (readonly [number, number, number])[],
  cut: PathColumns["cut"] = null,
): PathColumns => {
  const rows = units.flatMap(([low, high, events]) => Array.from({ length: events }, () => [low, high]));
  const places = Float64Array.from(rows.keys());
  return {
    rows: rows.length,
    units: Uint32Array.from(rows.flat()),
    times: places,
    codes: places,
    marks: places,
    cut,
    values: [],
  };
};

const taken = (columns: PathColumns, most = 50): readonly (readonly [boolean, readonly number[]])[] => {
  const found: (readonly [boolean, readonly number[]])[] = [];
  eachPathUnit(columns, most, ({ cut, times, from, to }: PathUnitRow) => {
    found.push([cut, Array.from(times).slice(from, to)]);
  });
  return found;
};

describe("events in columns", () => {
  test("are handed over unit by unit, also where units differ in one of their words alone", () => {
    const columns = columnsOf([
      [1, 1, 2],
      [2, 1, 1],
      [2, 2, 1],
    ]);
    expect(taken(columns)).toEqual([
      [false, [0, 1]],
      [false, [2]],
      [false, [3]],
    ]);
    expect(taken(columnsOf([]))).toEqual([]);
  });

  test("of a unit only so many are, and it is said", () => {
    expect(
      taken(
        columnsOf([
          [1, 0, 3],
          [2, 0, 2],
        ]),
        2,
      ),
    ).toEqual([
      [true, [0, 1]],
      [false, [3, 4]],
    ]);
  });

  test("of a unit that was cut before says so too", () => {
    expect(
      taken(
        columnsOf(
          [
            [1, 0, 1],
            [2, 0, 1],
          ],
          Uint8Array.from([0, 1]),
        ),
      ),
    ).toEqual([
      [false, [0]],
      [true, [1]],
    ]);
  });
});
