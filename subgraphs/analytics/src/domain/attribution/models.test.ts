import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  creditByRule,
  journeysOver,
  pathSetOf,
  shapleyByPermutations,
  upliftByJourney,
  walk,
} from "../../../testing/reference-attribution.ts";
import { attribute, conservationOf } from "./attribute.ts";
import { markovChainOf, MAX_MARKOV_STATES } from "./markov-chain.ts";
import { markovCredits } from "./markov.ts";
import type { AttributionModel } from "./model.ts";
import { exactSum, type PathSet } from "./paths.ts";
import { rolesOf } from "./roles.ts";
import { shapleyCredits, shapleyValues } from "./shapley.ts";
import { upliftCredits } from "./uplift.ts";

const RUNS = 150;
const LABELS = 4;
const DIRECT: ReadonlySet<number> = new Set([0]);

const creditsOf = (paths: PathSet, model: AttributionModel) =>
  attribute(paths, { model, timedPlace: 0 }, DIRECT).credits;

const expectEach = (found: readonly number[], wanted: readonly number[], digits = 9): void => {
  expect(found).toEqual(wanted.map((number) => expect.closeTo(number, digits)));
};

describe("models by rule", () => {
  const last = (steps: readonly number[]): number => steps.length - 1;
  const lastNonDirect = (steps: readonly number[]): number => {
    for (let place = last(steps); place >= 0; place -= 1) if (steps[place] !== 0) return place;
    return last(steps);
  };
  const position = (steps: readonly number[], place: number): number => {
    if (steps.length === 1) return 1;
    if (steps.length === 2) return place === 0 ? 0.3 / 0.8 : 0.5 / 0.8;
    return place === 0 ? 0.3 : place === last(steps) ? 0.5 : 0.2 / (steps.length - 2);
  };
  const halving = (steps: readonly number[], place: number): number => {
    const weightAt = (at: number): number => 0.5 ** ((last(steps) - at) / 2);
    return weightAt(place) / steps.reduce((sum, _step, at) => sum + weightAt(at), 0);
  };
  const rules: readonly [AttributionModel, (steps: readonly number[], place: number) => number][] = [
    [{ kind: "FIRST" }, (_steps, place) => (place === 0 ? 1 : 0)],
    [{ kind: "LAST" }, (steps, place) => (place === last(steps) ? 1 : 0)],
    [{ kind: "LAST_NON_DIRECT" }, (steps, place) => (place === lastNonDirect(steps) ? 1 : 0)],
    [{ kind: "LINEAR" }, (steps) => 1 / steps.length],
    [{ kind: "POSITION", first: 30, middle: 20, last: 50 }, position],
    [{ kind: "POSITION_DECAY", halfLifeSteps: 2 }, halving],
  ];
  test.each(rules)("%o gives each journey's conversion and value as the rule says", (model, shareOf) => {
    fc.assert(
      fc.property(journeysOver(LABELS), (journeys) => {
        const found = creditsOf(pathSetOf(LABELS, journeys), model);
        const wanted = creditByRule(LABELS, journeys, shareOf);
        expectEach(found.conversions, wanted.conversions);
        expectEach(found.value, wanted.value);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test.each([
    ["30/0/70 of two touchpoints", { first: 30, middle: 0, last: 70 }, [0, 1], [0.3, 0.7]],
    ["40/20/40 of two touchpoints", { first: 40, middle: 20, last: 40 }, [0, 1], [0.5, 0.5]],
    ["0/100/0 of two touchpoints, which have no middle", { first: 0, middle: 100, last: 0 }, [0, 1], [0.5, 0.5]],
    ["0/100/0 of four touchpoints", { first: 0, middle: 100, last: 0 }, [0, 1, 2, 3], [0, 0.5, 0.5, 0]],
    ["any weights of one touchpoint", { first: 0, middle: 100, last: 0 }, [2], [0, 0, 1]],
  ])("POSITION %s", (_name, weights, steps, wanted) => {
    const paths = pathSetOf(wanted.length, [{ steps, value: 1 }]);
    expectEach(creditsOf(paths, { kind: "POSITION", ...weights }).conversions, wanted);
  });
});

describe("MARKOV", () => {
  test.each([1, 2, 3])("of order %i loses without a label what a crowd of walkers loses", (order) => {
    fc.assert(
      fc.property(journeysOver(LABELS), (journeys) => {
        const whole = walk(journeys, order, null);
        const { conversionProbability, removalEffects } = markovCredits(pathSetOf(LABELS, journeys), order);
        expect(conversionProbability).toBeCloseTo(whole.conversions, 8);
        removalEffects.forEach((effect, label) => {
          const without = walk(journeys, order, label);
          expect(effect).toBeCloseTo(whole.conversions === 0 ? 0 : 1 - without.conversions / whole.conversions, 7);
        });
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("shares value by the value that walkers lose", () => {
    fc.assert(
      fc.property(journeysOver(LABELS), (journeys) => {
        const whole = walk(journeys, 1, null);
        const lost = Array.from({ length: LABELS }, (_none, label) => whole.value - walk(journeys, 1, label).value);
        const sum = exactSum(lost);
        const total = exactSum(journeys.map(({ value }) => value ?? 0));
        const { credits } = markovCredits(pathSetOf(LABELS, journeys), 1);
        if (total === 0) return;
        expectEach(
          credits.value,
          lost.map((one) => (one / sum) * total),
          5,
        );
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("a worked example: c1 > c2 > c3 converts, c1 and c2 > c3 do not", () => {
    const paths = pathSetOf(3, [
      { steps: [0, 1, 2], value: 1 },
      { steps: [0], value: null },
      { steps: [1, 2], value: null },
    ]);
    const { removalEffects, credits, conversionProbability } = markovCredits(paths, 1);
    expect(conversionProbability).toBeCloseTo(1 / 3, 12);
    expectEach(removalEffects, [0.5, 1, 1]);
    expectEach(credits.conversions, [0.2, 0.4, 0.4]);
  });

  test("a chain of too many states is refused with its code and the limit", () => {
    const journeys = Array.from({ length: MAX_MARKOV_STATES + 1 }, (_none, label) => ({ steps: [label], value: 1 }));
    expect(() => markovChainOf(pathSetOf(MAX_MARKOV_STATES + 1, journeys), 1)).toThrow(
      expect.objectContaining({ code: "QUERY_TOO_COSTLY" }),
    );
  });
});

describe("SHAPLEY", () => {
  test.each(["CONVERSIONS", "SUMMED_RATES", "RATE"] as const)("%s equals the mean over all orders", (game) => {
    fc.assert(
      fc.property(journeysOver(LABELS), (journeys) => {
        const values = shapleyByPermutations(LABELS, journeys, game);
        const sum = exactSum(values);
        const conversions = journeys.filter(({ value }) => value !== null).length;
        const { credits, permutations } = shapleyCredits(pathSetOf(LABELS, journeys), {
          game,
          permutations: 9,
          seed: 1,
        });
        expect(permutations).toBeNull();
        expectEach(
          credits.conversions,
          values.map((one) => (sum === 0 ? 0 : (one / sum) * conversions)),
          7,
        );
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("a label more than can be enumerated is sampled: near the exact value by its standard error, the same for the same seed", () => {
    const size = 13;
    const journeys = Array.from({ length: 400 }, (_none, index) => ({
      steps: [index % size, (index * 7) % size, (index * 3) % 5],
      value: (index * 31) % 7 < 3 ? 1 : null,
    }));
    const paths = pathSetOf(size, journeys);
    const worths = Float64Array.from({ length: 2 ** size }, (_none, coalition) => {
      const within = journeys.filter(({ steps }) => steps.every((step) => (coalition & (1 << step)) !== 0));
      return within.length === 0 ? 0 : within.filter(({ value }) => value !== null).length / within.length;
    });
    const exact = shapleyValues(worths, size).map((value) => value * journeys.length);
    const options = { game: "RATE", permutations: 3_000, seed: 11 } as const;
    const { credits, permutations, standardErrors } = shapleyCredits(paths, options);
    expect(permutations).toBe(3_000);
    expect(shapleyCredits(paths, options).credits).toEqual(credits);
    exact.forEach((value, label) => {
      const error = standardErrors?.conversions[label] ?? Number.NaN;
      expect(error).toBeGreaterThan(0);
      expect(Math.abs((credits.conversions[label] ?? 0) - value) / error).toBeLessThan(5);
    });
  });
});

describe("UPLIFT", () => {
  test("shares a set's conversions by what each member adds to the rate of the others", () => {
    const journeys = [
      ...Array.from({ length: 10 }, (_none, index) => ({ steps: [0], value: index < 1 ? 1 : null })),
      ...Array.from({ length: 10 }, (_none, index) => ({ steps: [1], value: index < 3 ? 1 : null })),
      ...Array.from({ length: 10 }, (_none, index) => ({ steps: [0, 1], value: index < 5 ? 1 : null })),
    ];
    // Together 0.5: label 0 adds 0.5 - 0.3, label 1 adds 0.5 - 0.1; of the five conversions they get 5/3 and 10/3.
    expectEach(upliftCredits(pathSetOf(2, journeys), 10).conversions, [1 + 5 / 3, 3 + 10 / 3]);
  });

  test("gives what going through the journeys one by one gives, whatever they met and however many must have", () => {
    fc.assert(
      fc.property(journeysOver(LABELS, 4, 40), fc.integer({ min: 1, max: 6 }), (journeys, minJourneys) => {
        const found = upliftCredits(pathSetOf(LABELS, journeys), minJourneys);
        const wanted = upliftByJourney(LABELS, journeys, minJourneys);
        expectEach(found.conversions, wanted.conversions);
        expectEach(found.value, wanted.value);
      }),
      { numRuns: 2_000, endOnFailure: true },
    );
  });

  test("a set whose parts are too few falls back on all journeys, and one without uplift is shared evenly", () => {
    const journeys = [
      { steps: [0, 1], value: 1 },
      { steps: [2], value: 1 },
      { steps: [2], value: 1 },
    ];
    expectEach(upliftCredits(pathSetOf(3, journeys), 5).conversions, [0.5, 0.5, 2]);
  });
});

describe("whatever the journeys", () => {
  const models: readonly AttributionModel[] = [
    { kind: "FIRST" },
    { kind: "LAST" },
    { kind: "LAST_NON_DIRECT" },
    { kind: "LINEAR" },
    { kind: "POSITION", first: 1, middle: 5, last: 2 },
    { kind: "POSITION_DECAY", halfLifeSteps: 0.5 },
    { kind: "MARKOV", order: 1 },
    { kind: "MARKOV", order: 2 },
    { kind: "MARKOV", order: 4 },
    { kind: "SHAPLEY", game: "CONVERSIONS", permutations: 20, seed: 3 },
    { kind: "SHAPLEY", game: "SUMMED_RATES", permutations: 20, seed: 3 },
    { kind: "SHAPLEY", game: "RATE", permutations: 20, seed: 3 },
    { kind: "UPLIFT", minJourneys: 2 },
  ];
  test.each(models)(
    "%o gives out exactly the conversions and the value there were, over few labels and many",
    (model) => {
      fc.assert(
        fc.property(fc.constantFrom(3, 15), fc.boolean(), (labels, refunds) => {
          fc.assert(
            fc.property(journeysOver(labels, 6, 20), (journeys) => {
              const signed = refunds
                ? journeys.map(({ steps, value }, index) => ({
                    steps,
                    value: value !== null && index % 3 === 0 ? -value : value,
                  }))
                : journeys;
              const paths = pathSetOf(labels, signed);
              const { credits } = attribute(paths, { model, timedPlace: 0 }, DIRECT);
              const { credited, actual } = conservationOf(paths, credits);
              expect(credited.conversions).toBeCloseTo(actual.conversions, 6);
              expect(credits.conversions.every(Number.isFinite) && credits.value.every(Number.isFinite)).toBe(true);
            }),
            { numRuns: 15, endOnFailure: true },
          );
        }),
        { numRuns: 6, endOnFailure: true },
      );
    },
  );

  test("a model that loses credit is caught", () => {
    const paths = pathSetOf(2, [{ steps: [0, 1], value: 3 }]);
    expect(() => conservationOf(paths, { conversions: [0.5, 0.4], value: [1, 2] })).toThrow("exactly what there was");
  });

  test("what doubles lose of great values that cancel out is no lost credit, and more is", () => {
    const paths = pathSetOf(2, [
      { steps: [0, 1], value: 1e20 },
      { steps: [0, 1], value: -1e20 },
    ]);
    expect(conservationOf(paths, { conversions: [1, 1], value: [16_384, 0] }).actual.value).toBe(0);
    expect(() => conservationOf(paths, { conversions: [1, 1], value: [1e16, 0] })).toThrow("exactly what there was");
  });

  test("an assist is a conversion that a label was in without closing it", () => {
    const paths = pathSetOf(3, [
      { steps: [0, 1], value: 10 },
      { steps: [1, 0, 1, 2], value: 5 },
      { steps: [2, 1, 2], value: 1 },
      { steps: [0], value: null },
    ]);
    const assists = rolesOf(paths).map((roles) => [roles.assistedConversions, roles.assistedValue, roles.lastTouches]);
    expect(assists).toEqual([
      [2, 15, 0],
      [2, 6, 1],
      [0, 0, 2],
    ]);
    expect(rolesOf(paths).map(({ touchpoints }) => touchpoints)).toEqual([3, 4, 3]);
  });
});
