import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { stepsOnTheWay } from "./behaviour-measure.ts";
import { productEffects, stepsOfChange } from "./step-effects.ts";

const orders = (places: readonly number[]): readonly (readonly number[])[] =>
  places.length <= 1
    ? [places]
    : places.flatMap((first) => orders(places.filter((one) => one !== first)).map((rest) => [first, ...rest]));
const product = (factors: readonly number[]): number => factors.reduce((all, factor) => all * factor, 1);

/** Every order in which the factors may change, one after the other: by how much the product changes at each, in the mean. */
const everyOrder = (was: readonly number[], is: readonly number[]): readonly number[] => {
  const all = orders(was.map((_factor, place) => place));
  return was.map((_factor, place) => {
    const changes = all.map((order) => {
      const before = order.slice(0, order.indexOf(place));
      const at = (changed: readonly number[]): number =>
        product(was.map((factor, index) => (changed.includes(index) ? (is[index] ?? 0) : factor)));
      return at([...before, place]) - at(before);
    });
    return changes.reduce((sum, change) => sum + change, 0) / all.length;
  });
};

const factor = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.double({ min: 0, max: 3, noNaN: true }) },
);

describe("the steps of a change", () => {
  test("owe each factor of a product what it changes in the mean of all orders, and all of them the change", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(factor, factor), { minLength: 1, maxLength: 5 }), (pairs) => {
        const [was, is] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
        const found = productEffects(was, is);
        everyOrder(was, is).forEach((effect, place) => expect(found[place]).toBeCloseTo(effect, 6));
        const sum = found.reduce((all, effect) => all + effect, 0);
        expect(sum).toBeCloseTo(product(is) - product(was), 6);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("add up to the change of a conversion, and of how many converted, whatever was reached", () => {
    const reached = fc.array(fc.nat(40), { minLength: 4, maxLength: 4 }).map((falls) =>
      falls.map((_fall, place) =>
        Math.max(
          0,
          falls.slice(0, place + 1).reduce((left, fall) => left - fall, 100),
        ),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(reached, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        ([actual = [], ...before], isCount) => {
          const labels = ["a", "b", "c", "d"].map((label) => ({ label, optional: false }));
          const way = stepsOnTheWay(isCount ? "converted" : "conversionRate", 3, labels);
          const steps = stepsOfChange(way, actual, before);
          const mean = (place: number): number =>
            before.reduce((sum, one) => sum + (one[place] ?? 0), 0) / before.length;
          const [entered, usual] = isCount ? [1, 1] : [actual[0] ?? 0, mean(0)];
          // Of nobody no share is known, so that nothing adds up to it.
          if (entered === 0 || usual === 0) return;
          const sum = steps.reduce((all, { effect }) => all + (effect ?? 0), 0);
          expect(sum).toBeCloseTo((actual[3] ?? 0) / entered - mean(3) / usual, 6);
          expect(steps.map(({ expectedReached }) => expectedReached)).toEqual([0, 1, 2, 3].map(mean));
        },
      ),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("name the one that lost, and leave out optional ones and those behind the step that is asked about", () => {
    const way = stepsOnTheWay("reached", 2, [
      { label: "visit", optional: false },
      { label: "help", optional: true },
      { label: "cart", optional: false },
      { label: "buy", optional: false },
    ]);
    expect(way.steps.map(({ number }) => number)).toEqual([1, 3]);
    const [visit, cart] = stepsOfChange(
      way,
      [1_000, 100],
      [
        [1_000, 500],
        [1_010, 505],
        [990, 495],
      ],
    );
    expect(visit).toMatchObject({ number: 1, label: "visit", share: null, effect: 0, chance: null });
    expect(cart).toMatchObject({ number: 3, share: 0.1, expectedShare: 0.5, effect: -400 });
    expect(cart?.chance).toBeLessThan(0.001);
    expect(stepsOnTheWay("entered", 3, [{ label: "visit", optional: false }]).steps).toHaveLength(1);
  });
});
