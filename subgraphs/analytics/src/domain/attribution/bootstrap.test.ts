import { describe, expect, test } from "@jest/globals";
import { pathSetOf } from "../../../testing/reference-attribution.ts";
import { percentileInterval, resample } from "./bootstrap.ts";
import { totalsOf } from "./paths.ts";
import { drawPoisson, seededRandom } from "./random.ts";

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const spread = (numbers: readonly number[]): number => {
  const middle = mean(numbers);
  return Math.sqrt(mean(numbers.map((one) => (one - middle) ** 2)));
};

describe("random numbers", () => {
  test("of one seed are the same everywhere, of another seed others", () => {
    const draw = (seed: number): readonly number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(7).every((one) => one >= 0 && one < 1)).toBe(true);
  });

  test.each([0, 0.3, 4, 29, 31, 5_000])("Poisson numbers of mean %d have that mean and variance", (wanted) => {
    const random = seededRandom(5);
    const draws = Array.from({ length: 20_000 }, () => drawPoisson(wanted, random));
    const error = Math.sqrt(wanted / draws.length);
    expect(Math.abs(mean(draws) - wanted)).toBeLessThanOrEqual(5 * error);
    expect(spread(draws) ** 2).toBeGreaterThanOrEqual(wanted * 0.93);
    expect(spread(draws) ** 2).toBeLessThanOrEqual(wanted * 1.07);
    expect(draws.every((one) => Number.isInteger(one) && one >= 0)).toBe(true);
  });
});

describe("resampled journeys", () => {
  const journeys = Array.from({ length: 300 }, (_none, index) => ({
    steps: [index % 3],
    value: index % 4 === 0 ? index % 11 : null,
  }));
  const paths = pathSetOf(3, journeys);
  const totals = totalsOf(paths.groups);

  test("scatter as journeys drawn one by one would: conversions by their root, value by the root of its squares", () => {
    const random = seededRandom(9);
    const draws = Array.from({ length: 4_000 }, () => totalsOf(resample(paths, random).groups));
    const squares = paths.groups.reduce((sum, group) => sum + group.valueSquares, 0);
    expect(mean(draws.map(({ conversions }) => conversions)) / totals.conversions).toBeCloseTo(1, 1);
    expect(spread(draws.map(({ conversions }) => conversions)) / Math.sqrt(totals.conversions)).toBeCloseTo(1, 1);
    expect(mean(draws.map(({ value }) => value)) / totals.value).toBeCloseTo(1, 1);
    expect(spread(draws.map(({ value }) => value)) / Math.sqrt(squares)).toBeCloseTo(1, 1);
  });

  test("carry the store's shares of a time decay along in proportion", () => {
    const timed = {
      labels: ["a", "b"],
      groups: [
        {
          ...{ steps: [0, 1], conversions: 40, value: 80, valueSquares: 160, losses: 0, toConvertMs: 0 },
          timed: [{ conversions: [10, 30], value: [20, 60] }],
        },
      ],
    };
    const [group] = resample(timed, seededRandom(2)).groups;
    const [shares] = group?.timed ?? [];
    expect(shares?.conversions.reduce((sum, one) => sum + one, 0)).toBeCloseTo(group?.conversions ?? Number.NaN, 9);
    expect(shares?.value.reduce((sum, one) => sum + one, 0)).toBeCloseTo(group?.value ?? Number.NaN, 9);
    expect((shares?.conversions[1] ?? 0) / (shares?.conversions[0] ?? 1)).toBeCloseTo(3, 9);
  });

  test("an interval is the middle part of the draws", () => {
    const draws = Float64Array.from({ length: 101 }, (_none, index) => 100 - index);
    expect(percentileInterval(draws, 0.9)).toEqual({ low: expect.closeTo(5, 9), high: expect.closeTo(95, 9) });
  });
});
