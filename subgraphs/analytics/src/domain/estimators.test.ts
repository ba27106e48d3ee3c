import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceEstimate, SAMPLED_MEASURES, type DrawnUnit } from "../../testing/reference-sample.ts";
import type { TestEvent } from "../../testing/test-events.ts";
import { estimationOf, standardErrorsOf } from "./estimators.ts";
import { evaluateArithmetic, parseArithmetic } from "./arithmetic.ts";
import { parseMeasures } from "./measures.ts";

const ACCESS = { personalData: false };
/** Sums over persons, and a formula of every operator over them and over a mean. */
const measures = parseMeasures(
  [
    { function: "COUNT", name: "events" },
    { function: "SUM", of: "revenue", currency: "EUR", name: "eur" },
    { function: "UNIQUES", of: "persons", name: "persons" },
    { function: "AVG", of: "revenue", currency: "EUR", name: "mean" },
    { function: "FORMULA", formula: "(eur - 2 * events) / persons + mean * 3", name: "score" },
    { function: "FORMULA", formula: "score / events", name: "part" },
  ],
  "input.measures",
  ACCESS,
);
const estimation = estimationOf(measures);

/** What each unit adds to the sums: events, euros, the person, euros of the mean and how many numbers. */
type Adds = readonly number[];
const WEIGHT = 4;
const sumsOf = (units: readonly Adds[]): readonly number[] =>
  estimation.sums.map((_sum, place) => units.reduce((total, adds) => total + WEIGHT * (adds[place] ?? 0), 0));
const productsOf = (units: readonly Adds[]): readonly number[] =>
  estimation.pairs.map(([one, other]) =>
    units.reduce((total, adds) => total + WEIGHT * (WEIGHT - 1) * (adds[one] ?? 0) * (adds[other] ?? 0), 0),
  );

const columns = measures.map(({ name }) => ({ name, parts: 1 }));
const score = parseArithmetic("(eur - 2 * events) / persons + mean * 3", columns, "f").formula;
const part = parseArithmetic("score / events", columns, "f").formula;
/** The measures as functions of the sums. */
const valuesAt = ([events = 0, eur = 0, persons = 0, ofMean = 0, numbers = 0]: readonly number[]) => {
  const known: (number | null)[] = [events, eur, persons, numbers === 0 ? null : ofMean / numbers];
  known.push(evaluateArithmetic(score, known));
  known.push(evaluateArithmetic(part, known));
  return known;
};

describe("the standard error of a measure that is estimated from a sample of persons", () => {
  test("is that of the sum of what each person changes it by, by slopes taken numerically, whatever it is computed of", () => {
    const unit = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200 }))
      .map(([events, euros]): Adds => [events, euros, 1, euros, Math.min(events, 3)]);
    fc.assert(
      fc.property(fc.array(unit, { minLength: 3, maxLength: 30 }), (units) => {
        const sums = sumsOf(units);
        const { errors } = standardErrorsOf(estimation)({
          sums,
          products: productsOf(units),
          rankErrors: [],
          valueErrors: [],
        });
        const step = 1e-4;
        measures.forEach((_measure, index) => {
          const slopes = sums.map((_sum, place) => {
            const moved = (by: number): number =>
              valuesAt(sums.map((value, other) => (other === place ? value + by : value)))[index] ?? NaN;
            return (moved(step) - moved(-step)) / (2 * step);
          });
          const variance = units.reduce((total, adds) => {
            const change = slopes.reduce((by, slope, place) => by + slope * (adds[place] ?? 0), 0);
            return total + WEIGHT * (WEIGHT - 1) * change ** 2;
          }, 0);
          expect(errors[index]).toBeCloseTo(Math.sqrt(variance), 3);
        });
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("is unknown where the measure has no value", () => {
    const nothing = { sums: [0, 0, 0, 0, 0], products: estimation.pairs.map(() => 0), rankErrors: [], valueErrors: [] };
    expect(standardErrorsOf(estimation)(nothing).errors).toEqual([0, 0, 0, null, null, null]);
  });

  test("asks for no product of sums that no measure computes with together", () => {
    const two = estimationOf(measures.slice(0, 3));
    expect(two.pairs).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });
});

/** Numbers in [0, 1) that are the same each time (mulberry32). */
const random = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Persons who differ widely in how much they do and spend, and whose own events are alike. */
const persons = (count: number, next: () => number): readonly (readonly TestEvent[])[] =>
  Array.from({ length: count }, (_person, person) => {
    const wealth = 1 + 40 * next() ** 3;
    return Array.from({ length: 1 + Math.floor(8 * next() ** 2) }, (_event, place) => ({
      ...{
        id: `${person}:${place}`,
        name: "order",
        timeMs: 0,
        userId: `u${person}`,
        sessionId: `${person}:${place >> 1}`,
      },
      ...(next() < 0.6 ? { revenue: (wealth * (0.8 + 0.4 * next())).toFixed(2), currency: "EUR" } : {}),
    }));
  });

describe("an estimate of each kind", () => {
  const next = random(7);
  const everybody = persons(2_000, next);
  const whole = everybody.map((events): DrawnUnit => ({ weight: 1, events }));
  const FRACTION = 1 / 8;
  const DRAWS = 300;
  const samples = Array.from({ length: DRAWS }, () =>
    everybody.flatMap((events): DrawnUnit[] => (next() < FRACTION ? [{ weight: 1 / FRACTION, events }] : [])),
  );

  test.each(SAMPLED_MEASURES)(
    "%s lies within 1.96 standard errors of the exact value in 95 of 100 samples, and is biased neither way",
    (measure) => {
      const truth = referenceEstimate(measure, whole);
      expect(truth.error).toBe(measure === "middle" ? truth.error : 0);
      const deviations = samples.map((units) => {
        const { value, error } = referenceEstimate(measure, units);
        return ((value ?? NaN) - (truth.value ?? NaN)) / (error ?? NaN);
      });
      const inside = deviations.filter((deviation) => Math.abs(deviation) <= 1.96).length;
      // Of 300 draws 95 % are 285, with a standard deviation of 3.8.
      expect(inside / DRAWS).toBeGreaterThan(0.91);
      expect(inside / DRAWS).toBeLessThan(0.99);
      expect(Math.abs(deviations.reduce((sum, one) => sum + one, 0) / DRAWS)).toBeLessThan(0.2);
    },
  );
});
