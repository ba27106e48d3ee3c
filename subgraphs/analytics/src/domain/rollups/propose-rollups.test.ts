import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AskedShape } from "./asked-shape.ts";
import { answers, candidatesOf, proposeRollups, type AskedShapes, type SizedShape } from "./propose-rollups.ts";

const FIELDS = ["name", "country", "device", "source"];
const shape: fc.Arbitrary<AskedShape> = fc.record({
  dimensions: fc.subarray(FIELDS).map((names) => names.toSorted()),
  measures: fc.subarray([{ function: "UNIQUES" as const, of: "persons" }]),
  grain: fc.constantFrom("DAY" as const, "HOUR" as const, "MINUTE" as const),
});
const asked: fc.Arbitrary<readonly AskedShapes[]> = fc.array(
  fc.record({
    shape,
    questions: fc.integer({ min: 1, max: 50 }),
    rowsRead: fc.integer({ min: 0, max: 100_000 }),
    daysAsked: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 7 },
);
const sized: fc.Arbitrary<readonly SizedShape[]> = fc.uniqueArray(
  fc.record({ shape, rowsPerDay: fc.integer({ min: 1, max: 9_000 }) }),
  { minLength: 1, maxLength: 7, selector: (one) => JSON.stringify(one.shape) },
);

/** Rows saved when some rollups are there: each question is answered from the smallest that holds it, or as it was. */
const saved = (all: readonly AskedShapes[], chosen: readonly SizedShape[]): number =>
  all.reduce((sum, one) => {
    const ways = chosen.filter((way) => answers(way.shape, one.shape)).map((way) => way.rowsPerDay * one.daysAsked);
    return sum + one.rowsRead - Math.min(one.rowsRead, ...ways);
  }, 0);

const choices = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  size === 0
    ? [[]]
    : all.flatMap((one, place) => choices(all.slice(place + 1), size - 1).map((rest) => [one, ...rest]));

describe("proposals of rollups", () => {
  test("save what they say, each the most beside those before it, and at least 63 % of what the best choice of as many would", () => {
    fc.assert(
      fc.property(asked, sized, fc.integer({ min: 1, max: 3 }), (all, candidates, first) => {
        const proposals = proposeRollups(all, candidates, first);
        const told = proposals.reduce((sum, { rowsSaved }) => sum + rowsSaved, 0);
        expect(told).toBeCloseTo(saved(all, proposals), 6);
        const savings = proposals.map(({ rowsSaved }) => rowsSaved);
        expect(savings).toEqual(savings.toSorted((one, other) => other - one));
        const best = Math.max(
          0,
          ...choices(candidates, Math.min(first, candidates.length)).map((one) => saved(all, one)),
        );
        expect(told).toBeGreaterThanOrEqual((1 - 1 / Math.E) * best - 1e-6);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("are among what was asked and joins of it, and leave out what would have too many rows", () => {
    const one = (name: string): AskedShape => ({ dimensions: [name], measures: [], grain: "DAY" });
    const both: AskedShape = { dimensions: ["country", "name"], measures: [], grain: "DAY" };
    const all = ["name", "country"].map((name) => ({ shape: one(name), questions: 3, rowsRead: 30_000, daysAsked: 3 }));
    expect(candidatesOf(all)).toEqual([one("name"), one("country"), both]);
    const size = (rowsPerDay: number) => [{ shape: both, rowsPerDay }];
    expect(proposeRollups(all, size(100), 5)).toEqual([
      { shape: both, rowsPerDay: 100, questions: 6, rowsRead: 60_000, rowsSaved: 59_400 },
    ]);
    expect(proposeRollups(all, size(10_001), 5)).toEqual([]);
    expect(proposeRollups(all, size(10_000), 5)).toEqual([]);
  });
});
