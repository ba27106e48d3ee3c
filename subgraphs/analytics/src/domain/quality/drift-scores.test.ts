import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { driftMeasures } from "./drift-measures.ts";
import { driftScores } from "./drift-scores.ts";

const counts = fc
  .array(fc.record({ reference: fc.nat(500), now: fc.nat(500) }), { minLength: 1, maxLength: 30 })
  .filter((bins) => bins.some(({ reference }) => reference > 0) && bins.some(({ now }) => now > 0));

describe("what values add to the population stability index", () => {
  test("has the index as its mean, the halves of values among them, and none where the reference is compared with itself", () => {
    fc.assert(
      fc.property(counts, (bins) => {
        const { each, halves } = driftScores(bins);
        const sum = bins.reduce((all, { now }, bin) => all + now * (each[bin] ?? 0), halves.sum);
        const count = bins.reduce((all, { now }) => all + now, halves.count);
        expect(sum / count).toBeCloseTo(driftMeasures(bins).psi, 9);
        const same = driftScores(bins.map(({ reference }) => ({ reference, now: reference })));
        expect(same.each.every((score) => Math.abs(score) < 1e-12)).toBe(true);
      }),
      { endOnFailure: true },
    );
  });

  test("is more than that of unmoved bins exactly where a bin's share has grown", () => {
    fc.assert(
      fc.property(counts, (bins) => {
        const { each, unmoved } = driftScores(bins);
        const [before, now] = [bins.map(({ reference }) => reference), bins.map((bin) => bin.now)];
        const held = bins.filter((bin) => bin.reference + bin.now > 0).length / 2;
        const shareOf = (own: readonly number[], bin: number) =>
          ((own[bin] ?? 0) + 0.5) / (own.reduce((sum, one) => sum + one, 0) + held);
        const wrong = bins.filter((bin, place) => {
          const grew = bin.reference + bin.now > 0 && shareOf(now, place) - shareOf(before, place) > 1e-12;
          return grew !== (each[place] ?? 0) - unmoved > 1e-12;
        });
        expect(wrong).toEqual([]);
      }),
      { endOnFailure: true },
    );
  });
});
