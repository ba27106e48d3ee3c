import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decompositionsOf, effectsOf } from "./rate-effects.ts";
import { expectedOf, numberOf, together, type Element, type Quantity, type SliceMeasure } from "./slice-measure.ts";

const quantity = (value: number, base: number): Quantity => ({ value, base, units: base });
const slice = fc
  .array(fc.tuple(fc.nat(60), fc.nat(60)), { minLength: 4, maxLength: 4 })
  .map(([actual = [0, 0], ...before]): SliceMeasure => {
    const of = ([some, more]: readonly [number, number]): Quantity => quantity(some, some + more);
    return { actual: of(actual), before: before.map(of) };
  });
const slices = fc
  .array(slice, { minLength: 1, maxLength: 5 })
  .filter((all) => [expectedOf(together(all)), together(all).actual].every(({ base }) => (base ?? 0) > 0));

/**
 * The whole's ratio if its slices had the sizes of one time and the ratios of another, by definition: what standardisation of demographers means. A slice of nothing has the ratio it has at the other time.
 */
const standardised = (all: readonly SliceMeasure[], sizes: "was" | "is", ratios: "was" | "is"): number => {
  const at = (one: SliceMeasure, when: "was" | "is"): Quantity => (when === "is" ? one.actual : expectedOf(one));
  const whole = all.reduce((sum, one) => sum + (at(one, sizes).base ?? 0), 0);
  const ratioOf = (one: SliceMeasure): number =>
    numberOf(at(one, ratios)) ?? numberOf(at(one, ratios === "is" ? "was" : "is")) ?? 0;
  return all.reduce((sum, one) => sum + ((at(one, sizes).base ?? 0) / whole) * ratioOf(one), 0);
};

describe("rate and mix of a ratio's change", () => {
  test("are over all slices what standardising by either time's sizes gives in the mean, and add up to the change", () => {
    fc.assert(
      fc.property(slices, (all) => {
        const whole = together(all);
        const change = (numberOf(whole.actual) ?? 0) - (numberOf(expectedOf(whole)) ?? 0);
        const elements = all.map((one, index): Element => ({ value: String(index), ...one }));
        const [found] = decompositionsOf([{ dimension: "d", elements }], whole);
        const ratesFirst = standardised(all, "was", "is") - standardised(all, "was", "was");
        const ratesLast = standardised(all, "is", "is") - standardised(all, "is", "was");
        expect(found?.rate).toBeCloseTo((ratesFirst + ratesLast) / 2, 9);
        expect((found?.rate ?? 0) + (found?.mix ?? 0)).toBeCloseTo(change, 9);
        const parts = all.map((one) => effectsOf(one, whole));
        const sum = parts.reduce((total, one) => total + (one?.rate ?? 0) + (one?.mix ?? 0), 0);
        expect(sum).toBeCloseTo(change, 9);
      }),
      { numRuns: 2_000, endOnFailure: true },
    );
  });

  test("hold where values are not looked at: what is left of the whole is one of them", () => {
    fc.assert(
      fc.property(slices, (all) => {
        const [first, ...others] = all;
        const whole = together(all);
        if (first === undefined) return;
        const elements: readonly Element[] = [{ value: "a", ...first }];
        const rest = others.length === 0 ? [] : [together(others)];
        const [found] = decompositionsOf([{ dimension: "d", elements }], whole);
        const expected = [first, ...rest].flatMap((one) => effectsOf(one, whole) ?? []);
        expect(found?.rate).toBeCloseTo(
          expected.reduce((sum, { rate }) => sum + rate, 0),
          9,
        );
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test.each([
    ["that fell by itself", quantity(10, 100), { rate: -0.1, mix: 0 }],
    ["that stayed, and is fewer", quantity(15, 50), { rate: 0, mix: 0 }],
  ])("are told of a slice %s", (_what, actual, wanted) => {
    const before = [quantity(30, 100), quantity(30, 100), quantity(30, 100)];
    const other: SliceMeasure = { actual: quantity(30, 100), before };
    const own: SliceMeasure = { actual, before };
    const found = effectsOf(own, together([own, other]));
    expect(found?.rate).toBeCloseTo(wanted.rate, 9);
    expect(found?.mix).toBeCloseTo(wanted.mix, 9);
  });

  test("are none of a sum, nor of a ratio of nothing", () => {
    const sum: SliceMeasure = { actual: { value: 1, base: null, units: 1 }, before: [] };
    expect(effectsOf(sum, sum)).toBeNull();
    expect(decompositionsOf([{ dimension: "d", elements: [] }], sum)).toEqual([]);
    const nothing: SliceMeasure = { actual: quantity(0, 0), before: [quantity(1, 2)] };
    expect(effectsOf(nothing, nothing)).toBeNull();
  });
});
