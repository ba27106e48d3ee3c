import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { quantileOf } from "../statistics.ts";
import { PART_ERROR } from "./counted-numbers.ts";
import { TIME_EDGES_MS } from "./histogram.ts";
import { createNumberList } from "./number-list.ts";

const LEVELS = [0, 0.1, 0.5, 0.9, 0.999, 1];
const YEARS_MS = 10 * 366 * 86_400_000;
const anyTimes = fc.array(fc.oneof(fc.nat(5_000), fc.nat(100_000_000), fc.nat(YEARS_MS)), { maxLength: 60 });

const listOf = (values: readonly number[], most: number) => {
  const list = createNumberList(most);
  values.forEach(list.add);
  return list;
};

/** The bins of times, each number looked for among the edges. */
const binned = (values: readonly number[]): ReadonlyMap<number, number> => {
  const edges = values.map((value) => TIME_EDGES_MS.findLast((edge) => edge <= value) ?? 0);
  return new Map([...new Set(edges)].map((edge) => [edge, edges.filter((one) => one === edge).length]));
};

const far = (told: number | null, exact: number | null, allowed: number): boolean =>
  told === null || exact === null ? told !== exact : Math.abs(told - exact) > allowed * exact;

describe("a list of times", () => {
  test("tells its sum and its bins exactly, and its quantiles within 1 / 4,096 of themselves where more than it keeps were added, exactly where not", () => {
    fc.assert(
      fc.property(anyTimes, fc.integer({ min: 1, max: 70 }), (values, most) => {
        const { quantiles, sum, bins } = listOf(values, most).told(LEVELS);
        const sorted = values.toSorted((one, other) => one - other);
        const allowed = values.length > most ? PART_ERROR : 0;
        const wrong = LEVELS.filter((level, index) =>
          far(quantiles[index] ?? null, quantileOf(sorted, level), allowed),
        );
        expect({ wrong, sum, bins }).toEqual({
          wrong: [],
          sum: values.reduce((total, value) => total + value, 0),
          bins: binned(values),
        });
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test("holds what several lists hold that are added, whichever of them keep their numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyTimes, fc.integer({ min: 1, max: 70 })), { maxLength: 4 }), (lists) => {
        const all = createNumberList(80);
        for (const [values, most] of lists) all.addAll(listOf(values, most));
        const values = lists.flatMap(([one]) => one);
        const { quantiles, sum, bins } = all.told(LEVELS);
        const sorted = values.toSorted((one, other) => one - other);
        // A number in the middle of a part is of the same part when it is counted again.
        const wrong = LEVELS.filter((level, index) =>
          far(quantiles[index] ?? null, quantileOf(sorted, level), PART_ERROR),
        );
        expect({ wrong, length: all.length, sum, bins }).toEqual({
          ...{ wrong: [], length: values.length },
          sum: values.reduce((total, value) => total + value, 0),
          bins: binned(values),
        });
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });
});
