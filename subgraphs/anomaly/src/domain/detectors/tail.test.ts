import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createTail, MAX_SURPRISE } from "./tail.ts";

const distance = fc.oneof(
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, 5, Number.MAX_VALUE, Number.MIN_VALUE),
);
const learnt = (distances: readonly number[]) => {
  const tail = createTail();
  distances.forEach(tail.learn);
  return tail;
};

/** The same estimate from all distances in a sorted list, each by its own value. */
const reference = (distances: readonly number[], asked: number): number => {
  const sorted = distances.toSorted((one, other) => one - other);
  const from = sorted[Math.floor(0.9 * sorted.length)] ?? 0;
  const excesses = sorted.filter((one) => one >= from).map((one) => one - from);
  const mean = excesses.reduce((sum, one) => sum + one, 0) / excesses.length;
  const variance = excesses.reduce((sum, one) => sum + (one - mean) ** 2, 0) / excesses.length;
  const shape = Math.max(0, Math.min(0.5, 0.5 * (1 - mean ** 2 / variance)));
  const excess = (asked - from) / (mean * (1 - shape));
  const further = shape < 1e-3 ? excess : Math.log1p(shape * excess) / shape;
  return (further - Math.log(excesses.length / sorted.length)) / Math.LN10;
};
/** Standard exponential values, from a generator that every run repeats. */
const exponential = (count: number): readonly number[] => {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return -Math.log((state + 1) / 2 ** 32);
  });
};

describe("the tail of distances", () => {
  test("is near the estimate from each distance's own value, and near the truth", () => {
    const distances = exponential(5_000);
    const tail = learnt(distances);
    for (const asked of [4, 6, 8, 10]) {
      expect(Math.abs(tail.surprise(asked) - reference(distances, asked))).toBeLessThan(0.15 * asked * Math.LOG10E);
      expect(Math.abs(tail.surprise(asked) - asked * Math.LOG10E)).toBeLessThan(0.2 * asked * Math.LOG10E);
    }
  });

  test("never surprises less the further out, is bounded, and says nothing of what is no tail", () => {
    fc.assert(
      fc.property(fc.array(distance, { maxLength: 200 }), fc.array(distance), (distances, asked) => {
        const tail = learnt(distances);
        let before = 0;
        for (const surprise of asked.toSorted((one, other) => one - other).map(tail.surprise)) {
          expect(surprise).toBeGreaterThanOrEqual(before);
          expect(surprise).toBeLessThanOrEqual(MAX_SURPRISE);
          before = surprise;
        }
        expect(tail.surprise(0)).toBe(0);
      }),
    );
  });

  test("gives for a surprise the distance that surprises as much", () => {
    const tail = learnt(exponential(2_000));
    for (const surprise of [1.2, 2, 4, 8])
      expect(tail.surprise(tail.distanceAt(surprise) ?? 0)).toBeCloseTo(surprise, 9);
  });

  test("says nothing before it knows fifty distances", () => {
    expect(learnt(exponential(49)).surprise(1e9)).toBe(0);
    expect(learnt(exponential(49)).distanceAt(3)).toBeNull();
    expect(learnt(exponential(50)).surprise(1e9)).toBe(MAX_SURPRISE);
  });

  test("does not depend on the unit: twice as far in a series twice as large surprises as much", () => {
    const [one, other] = [learnt(exponential(500)), learnt(exponential(500).map((value) => value * 1_024))];
    for (const asked of [1, 3, 5, 9]) expect(other.surprise(asked * 1_024)).toBeCloseTo(one.surprise(asked), 9);
  });

  test("goes on after it was kept as if it never had been", () => {
    fc.assert(
      fc.property(fc.array(distance, { minLength: 60, maxLength: 150 }), fc.nat(150), (distances, at) => {
        const kept = createTail(structuredClone(learnt(distances.slice(0, at)).save()));
        distances.slice(at).forEach(kept.learn);
        const whole = learnt(distances);
        for (const asked of distances) expect(kept.surprise(asked)).toBe(whole.surprise(asked));
      }),
    );
  });
});
