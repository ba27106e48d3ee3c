import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compareAll, compareTwo, differenceInterval, oddsRatio, quantileOf } from "./statistics.ts";

const table = (successes: number, failures: number, otherSuccesses: number, otherFailures: number) => ({
  successes,
  failures,
  otherSuccesses,
  otherFailures,
});

const four = (bounds: { min: number; max: number }) => {
  const one = fc.integer(bounds);
  return fc.tuple(one, one, one, one);
};

describe("statistics of proportions", () => {
  test("Newcombe's published interval (1998): 56/70 against 48/80 is 0.0524 to 0.3339", () => {
    const both = differenceInterval(table(56, 14, 48, 32));
    expect(both?.low).toBeCloseTo(0.0524, 4);
    expect(both?.high).toBeCloseTo(0.3339, 4);
  });

  test("Fisher's tea tasting: 3 of 4 right has p = 0.4857 two-sided", () => {
    const tea = compareTwo(table(3, 1, 1, 3));
    expect(tea?.test).toBe("FISHER");
    expect(tea?.p).toBeCloseTo(0.4857, 4);
  });

  test("Pearson's chi-square of two groups is that of the test over all groups", () => {
    fc.assert(
      fc.property(four({ min: 10, max: 5_000 }), ([a, b, c, d]) => {
        const two = compareTwo(table(a, b, c, d));
        const all = compareAll([
          { successes: a, total: a + b },
          { successes: c, total: c + d },
        ]);
        if (two?.test !== "CHI_SQUARE" || all === null) return;
        expect(Math.abs(two.p - all.p)).toBeLessThan(1e-9);
      }),
    );
  });

  test("three groups by hand: 10, 20 and 30 of 100 each give 12.5 with two degrees of freedom, p = exp(-6.25)", () => {
    const all = compareAll([10, 20, 30].map((successes) => ({ successes, total: 100 })));
    expect(all?.chiSquare).toBeCloseTo(12.5, 10);
    expect(all?.freedom).toBe(2);
    expect(all?.p).toBeCloseTo(Math.exp(-6.25), 12);
  });

  test("Fisher's exact test adds up the same tables as counting every arrangement", () => {
    fc.assert(
      fc.property(four({ min: 0, max: 5 }), ([a, b, c, d]) => {
        const two = compareTwo(table(a, b, c, d));
        if (two?.test !== "FISHER") return;
        const [size, total] = [a + b, a + b + c + d];
        // Every way to draw the first group from the units, of which the first a + c are successes.
        const draws = Array.from({ length: 2 ** total }, (_, set) => set).filter(
          (set) =>
            Array.from({ length: total }, (_, bit) => (set >> bit) & 1).reduce((sum, bit) => sum + bit, 0) === size,
        );
        const hitsOf = (set: number): number =>
          Array.from({ length: a + c }, (_, bit) => (set >> bit) & 1).reduce((sum, bit) => sum + bit, 0);
        const counts = new Map<number, number>();
        for (const set of draws) counts.set(hitsOf(set), (counts.get(hitsOf(set)) ?? 0) + 1);
        const own = counts.get(a) ?? 0;
        const extreme = [...counts.values()].filter((count) => count <= own).reduce((sum, count) => sum + count, 0);
        expect(two.p).toBeCloseTo(extreme / draws.length, 9);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  test("nothing is said where there is nothing to compare", () => {
    expect(compareTwo(table(0, 0, 3, 1))).toBeNull();
    expect(compareTwo(table(5, 0, 3, 0))).toBeNull();
    expect(compareAll([{ successes: 1, total: 2 }])).toBeNull();
    expect(differenceInterval(table(0, 0, 1, 1))).toBeNull();
    expect(quantileOf([], 0.5)).toBeNull();
  });

  test("odds ratios: 20/80 against 10/90 is 2.25, and a count of 0 stays finite", () => {
    expect(oddsRatio(table(20, 80, 10, 90)).ratio).toBeCloseTo(2.25, 12);
    const { ratio, interval } = oddsRatio(table(10, 0, 5, 5));
    expect([ratio, interval.low, interval.high].every(Number.isFinite)).toBe(true);
    expect(interval.low).toBeLessThan(ratio);
  });

  test("quantiles interpolate between the two nearest", () => {
    expect(quantileOf([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantileOf([1, 2, 3, 4], 0.9)).toBeCloseTo(3.7, 12);
    expect(quantileOf([7], 0.1)).toBe(7);
  });
});
