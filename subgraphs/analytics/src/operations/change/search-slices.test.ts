import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import type { Breakdown, Quantity, SliceMeasure } from "../../domain/change/slice-measure.ts";
import { MAX_TAKEN_APART, searchSlices, type TakeApart } from "./search-slices.ts";

/** A row stands for events of one combination of values: how many there were during the anomaly and in each of four times before. */
interface Row {
  readonly at: Readonly<Record<string, string>>;
  readonly actual: number;
  readonly before: readonly number[];
}

const DIMENSIONS = ["country", "device", "browser", "plan"];
const COUNTRIES = ["DE", "FR", "US"];
const DEVICES = ["desktop", "mobile"];
const BROWSERS = ["chrome", "firefox", "safari"];
const PLANS = ["free", "paid"];

const combinations: readonly Readonly<Record<string, string>>[] = COUNTRIES.flatMap((country) =>
  DEVICES.flatMap((device) => BROWSERS.flatMap((browser) => PLANS.map((plan) => ({ country, device, browser, plan })))),
);

const count = (value: number): Quantity => ({ value, base: null, units: value });
const measured = (rows: readonly Row[]): SliceMeasure => ({
  actual: count(rows.reduce((sum, { actual }) => sum + actual, 0)),
  before: [0, 1, 2, 3].map((time) => count(rows.reduce((sum, { before }) => sum + (before[time] ?? 0), 0))),
});

const passes = (row: Row, conditions: readonly SliceCondition[]): boolean =>
  conditions.every(({ dimension, values }) => values.includes(row.at[dimension] ?? null));

const over =
  (rows: readonly Row[], asked: (readonly SliceCondition[])[] = []): TakeApart =>
  (conditions, dimensions) => {
    asked.push(conditions);
    const inside = rows.filter((row) => passes(row, conditions));
    const breakdowns = dimensions.map((dimension): Breakdown => {
      const values = [...new Set(inside.map(({ at }) => at[dimension] ?? null))];
      const of = (value: string | null) => inside.filter(({ at }) => (at[dimension] ?? null) === value);
      return { dimension, elements: values.map((value) => ({ value, ...measured(of(value)) })) };
    });
    return Promise.resolve({ whole: measured(inside), breakdowns });
  };

/** Steady counts with the noise of counting, and a planted fall to a tenth of everything that passes some conditions. */
const planted = (jitter: readonly number[], conditions: readonly SliceCondition[]): readonly Row[] =>
  combinations.map((at, place) => {
    const noise = (time: number): number => jitter[(place * 5 + time) % jitter.length] ?? 0;
    const row = { at, actual: 400 + noise(4), before: [0, 1, 2, 3].map((time) => 400 + noise(time)) };
    return passes(row, conditions) ? { ...row, actual: Math.round(row.actual / 10) } : row;
  });

const jitters = fc.array(fc.integer({ min: -15, max: 15 }), { minLength: 180, maxLength: 180 });
const one = (dimension: string, values: readonly string[]) =>
  fc.constantFrom(...values).map((value): SliceCondition => ({ dimension, values: [value] }));
const conditionsOf = fc
  .tuple(one("country", COUNTRIES), one("device", DEVICES), one("browser", BROWSERS), one("plan", PLANS))
  .chain((all) => fc.shuffledSubarray(all, { minLength: 1, maxLength: 3 }));

const sorted = (conditions: readonly SliceCondition[]): readonly SliceCondition[] =>
  conditions.toSorted((a, b) => (a.dimension < b.dimension ? -1 : 1));

describe("the search for contributing slices", () => {
  test("finds a planted slice of one to three dimensions exactly, first, with all of the change", async () => {
    await fc.assert(
      fc.asyncProperty(jitters, conditionsOf, async (jitter, conditions) => {
        const [found] = await searchSlices(over(planted(jitter, conditions)), DIMENSIONS);
        expect(sorted(found?.conditions ?? [])).toEqual(sorted(conditions));
        expect(found?.explains).toBeGreaterThan(0.7);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("tells a set of values of one dimension as one slice", async () => {
    const conditions = [{ dimension: "browser", values: ["chrome", "safari"] }];
    const rows = planted([0, 3, -4, 7, -1, 2, 5, -6, 1, 4, -3, 0, 6, -2, 8, -5, 3], conditions);
    const [found] = await searchSlices(over(rows), DIMENSIONS);
    expect(found?.conditions).toHaveLength(1);
    expect(found?.conditions[0]?.dimension).toBe("browser");
    expect(new Set(found?.conditions[0]?.values)).toEqual(new Set(["chrome", "safari"]));
  });

  test("tells nothing where everything fell alike", async () => {
    const rows = combinations.map((at) => ({ at, actual: 200, before: [400, 400, 400, 400] }));
    expect(await searchSlices(over(rows), DIMENSIONS)).toEqual([]);
  });

  test("takes no more than a bounded number of wholes apart, and none twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(800), { minLength: 36, maxLength: 36 }), async (actual) => {
        const asked: (readonly SliceCondition[])[] = [];
        const rows = combinations.map((at, place) => ({
          ...{ at, actual: actual[place] ?? 0 },
          before: [390, 410, 400, 405].map((count_) => count_ + place),
        }));
        const slices = await searchSlices(over(rows, asked), DIMENSIONS);
        expect(asked.length).toBeLessThanOrEqual(MAX_TAKEN_APART);
        expect(new Set(asked.map((conditions) => JSON.stringify(sorted(conditions)))).size).toBe(asked.length);
        for (const { explains, chance, surprise } of slices)
          expect([explains, chance, surprise].every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });
});
