import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceCorrelation, referenceScore } from "../../testing/reference-explain.ts";
import type { KeptBucket } from "../rules/series.ts";
import { rankCorrelated, SIGNIFICANT_SHAPE, type EpisodeSeen } from "./correlated.ts";
import { matchShapes, MIN_COMMON } from "./shape.ts";

/** Numbers that look random and are the same every time. */
const numbersFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};
const seriesOf = (values: readonly number[], from = 0): ReadonlyMap<number, number> =>
  new Map(values.map((value, at) => [from + at, value]));

const label = fc.record(
  { service: fc.constantFrom("shop", "search"), country: fc.constantFrom("DE", "US") },
  { requiredKeys: [] },
);
const episode = fc
  .record({
    ...{ fromMs: fc.nat(300), width: fc.integer({ min: 1, max: 20 }), buckets: fc.integer({ min: 1, max: 9 }) },
    labels: label,
  })
  .map(({ fromMs, width, buckets, labels }) => ({
    ...{ onset: { fromMs, toMs: fromMs + width }, span: { fromMs, toMs: fromMs + width * buckets } },
    labels: { ...labels },
  }));
const episodes = fc
  .array(episode, { minLength: 1, maxLength: 8 })
  .map((all) => all.map((one, at): EpisodeSeen<string> => ({ ...one, of: `e${at}`, course: [] })));

const courseOf = (values: readonly number[], width: number): readonly KeptBucket[] =>
  values.map((value, at) => ({
    ...{ atMs: at * width, untilMs: (at + 1) * width, value, expected: 0, low: null, high: null },
    ...{ score: 0, outcome: "NORMAL" as const },
  }));

describe("episodes at about the same time", () => {
  test("have the score that beginnings, common time and labels give by definition, and stand in its order", () => {
    fc.assert(
      fc.property(episodes, ([subject, ...others]) => {
        if (subject === undefined) return;
        const ranked = rankCorrelated(subject, others);
        expect(ranked).toHaveLength(others.length);
        for (const { of, score, shape } of ranked) {
          const other = others.find((one) => one.of === of);
          expect(shape).toBeNull();
          expect(score).toBeCloseTo(other === undefined ? NaN : referenceScore(subject, other), 9);
        }
        const scores = ranked.map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((one, other) => other - one));
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("count more where their series deviate alike, and only where chance does not explain it", () => {
    const random = numbersFrom(7);
    const noise = (): readonly number[] => Array.from({ length: 60 }, random);
    const own = noise();
    const same = { onset: { fromMs: 50, toMs: 51 }, span: { fromMs: 50, toMs: 55 }, labels: {} };
    const subject = { ...same, of: "subject", course: courseOf(own, 1) };
    const alike = {
      ...same,
      of: "alike",
      course: courseOf(
        own.map((value) => 3 - 2 * value),
        1,
      ),
    };
    const others = [1, 2, 3].map((at) => ({ ...same, of: `other ${at}`, course: courseOf(noise(), 1) }));
    const [first, ...rest] = rankCorrelated<string>(subject, [...others, alike]);
    expect(first).toMatchObject({ of: "alike", shape: { lag: 0 } });
    expect(first?.score).toBeCloseTo(0.9, 9);
    expect(first?.shape?.correlation).toBeCloseTo(-1, 9);
    for (const { score, shape } of rest) {
      expect(shape?.chance).toBeGreaterThan(SIGNIFICANT_SHAPE);
      expect(score).toBeCloseTo(0.6, 9);
    }
  });
});

describe("the likeness of shapes", () => {
  test("is the correlation by definition, at a shift of at most six buckets, of series with enough in common", () => {
    const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, values, fc.integer({ min: -10, max: 10 }), (xs, ys, from) => {
        const found = matchShapes(seriesOf(xs), seriesOf(ys, from));
        const common = (lag: number) =>
          xs.flatMap((x, at) => {
            const y = ys[at + lag - from];
            return y === undefined ? [] : [[x, y] as const];
          });
        const possible = Array.from({ length: 13 }, (_, at) => at - 6).filter(
          (lag) => common(lag).length >= MIN_COMMON,
        );
        expect(found === null).toBe(possible.length === 0);
        if (found === null) return;
        expect(possible).toContain(found.lag);
        const pairs = common(found.lag);
        const wanted = referenceCorrelation(
          pairs.map(([x]) => x),
          pairs.map(([, y]) => y),
        );
        expect(found.correlation).toBeCloseTo(wanted, 8);
        expect(found.chance).toBeGreaterThanOrEqual(0);
        expect(found.chance).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("finds a planted shift", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: -6, max: 6 }), (seed, lag) => {
        const random = numbersFrom(seed);
        const base = Array.from({ length: 80 }, random);
        const other = base.map((value) => 5 * value + random() / 10);
        const found = matchShapes(seriesOf(base), seriesOf(other, lag));
        expect(found?.lag).toBe(lag);
        expect(found?.correlation).toBeGreaterThan(0.95);
        expect(found?.chance).toBeLessThan(1e-6);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("of series that have nothing to do with each other is told as significant hardly more often than its chance says, even where each goes on as it went", () => {
    const random = numbersFrom(42);
    const wander = (): readonly number[] => {
      let value = 0;
      return Array.from({ length: 96 }, () => {
        value = 0.8 * value + random() - 0.5;
        return value;
      });
    };
    const told = Array.from({ length: 400 }, () => matchShapes(seriesOf(wander()), seriesOf(wander()))?.chance ?? 1);
    expect(told.filter((chance) => chance <= SIGNIFICANT_SHAPE).length / told.length).toBeLessThan(0.1);
  });
});
