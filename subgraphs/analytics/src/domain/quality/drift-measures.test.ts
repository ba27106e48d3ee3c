import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceDrift } from "../../../testing/reference-quality.ts";
import { driftMeasures } from "./drift-measures.ts";

const counts = fc
  .array(fc.record({ reference: fc.nat(500), now: fc.nat(500) }), { minLength: 1, maxLength: 30 })
  .filter((bins) => bins.some(({ reference }) => reference > 0) && bins.some(({ now }) => now > 0));
const swapped = (bins: readonly { readonly reference: number; readonly now: number }[]) =>
  bins.map(({ reference, now }) => ({ reference: now, now: reference }));

describe("how unlike two distributions are", () => {
  test("is what the definitions say term by term, whatever is empty", () => {
    fc.assert(
      fc.property(counts, (bins) => {
        const [told, wanted] = [driftMeasures(bins), referenceDrift(bins)];
        expect(told.psi).toBeCloseTo(wanted.psi, 9);
        // The root of what rounding leaves of 0 is some 1e-8.
        expect(told.jensenShannon).toBeCloseTo(wanted.jensenShannon, 6);
        expect(told.bins.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(told.psi, 9);
      }),
    );
  });

  test("is the same from both sides, from 0 on, the distance at most 1, and no matter of empty bins", () => {
    fc.assert(
      fc.property(counts, (bins) => {
        const [told, other] = [driftMeasures(bins), driftMeasures(swapped(bins))];
        expect(other.psi).toBeCloseTo(told.psi, 9);
        expect(other.jensenShannon).toBeCloseTo(told.jensenShannon, 9);
        expect(told.psi).toBeGreaterThanOrEqual(0);
        expect(told.jensenShannon).toBeGreaterThanOrEqual(0);
        expect(told.jensenShannon).toBeLessThanOrEqual(1);
        expect(driftMeasures([...bins, { reference: 0, now: 0 }])).toMatchObject({ psi: told.psi, p: told.p });
      }),
    );
  });

  test("of equal shares is none, with nothing to be surprised at; of shares with nothing in common it is all there is", () => {
    const alike = driftMeasures([
      { reference: 300, now: 300 },
      { reference: 700, now: 700 },
    ]);
    expect(alike).toMatchObject({ psi: 0, p: 1, jensenShannon: 0 });
    const apart = driftMeasures([
      { reference: 1_000, now: 0 },
      { reference: 0, now: 1_000 },
    ]);
    expect(apart.jensenShannon).toBe(1);
    expect(apart.p).toBeLessThan(1e-12);
    expect(driftMeasures([{ reference: 10, now: 20 }])).toMatchObject({ psi: 0, p: 1, jensenShannon: 0 });
  });

  test("by chance alone is rarely called a change: of 2,000 pairs from one distribution about a hundredth has p below 0.01", () => {
    let state = 7;
    const draw = (): number => {
      state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
      return Math.floor((state / 2 ** 32) * 10);
    };
    const binned = (size: number): readonly number[] => {
      const bins = Array.from({ length: 10 }, () => 0);
      for (let at = 0; at < size; at += 1) {
        const bin = draw();
        bins[bin] = (bins[bin] ?? 0) + 1;
      }
      return bins;
    };
    const surprising = Array.from({ length: 2_000 }, () => {
      const [before, after] = [binned(500), binned(200)];
      return driftMeasures(before.map((reference, at) => ({ reference, now: after[at] ?? 0 }))).p;
    }).filter((p) => p < 0.01);
    expect(surprising.length).toBeGreaterThan(5);
    expect(surprising.length).toBeLessThan(40);
  });
});
