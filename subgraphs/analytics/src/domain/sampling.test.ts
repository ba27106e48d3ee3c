import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { firstParts, relativeErrorOf, SAMPLE_PARTS, sampleOf } from "./sampling.ts";

describe("a sample", () => {
  it("holds the part of all hashes that it says", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: SAMPLE_PARTS - 1 }), (parts) => {
        const { fraction, firstOutside } = sampleOf("events", parts);
        expect(Number(firstOutside) / 2 ** 64).toBeCloseTo(fraction, 12);
        expect(BigInt(firstOutside)).toBeLessThan(2n ** 64n);
      }),
    );
  });

  it("is aimed below what is left, holds half of the persons at most, and nobody where nothing is left", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.nat({ max: 10 ** 9 }), (rows, left) => {
        const parts = firstParts("events", rows, left);
        expect(parts).toBeLessThanOrEqual(SAMPLE_PARTS / 2);
        expect((parts / SAMPLE_PARTS) * rows).toBeLessThanOrEqual(left);
      }),
    );
    expect(firstParts("events", 1_000, 0)).toBe(0);
    expect(firstParts("events", 0, 1_000)).toBe(0);
  });

  it.each([
    ["a twentieth", 100, 5, 0.05],
    ["of a loss as of a gain", -100, 5, 0.05],
    ["of text that is a number", "200.0000", 5, 0.025],
    ["nothing of what was counted whole", 7, 0, 0],
    ["all of a number that says nothing", 3, 50, 1],
    ["all of nothing", 0, 5, 1],
    ["unknown of what was not measured", null, 5, null],
  ])("the relative error is %s", (_what, estimate, error, expected) => {
    expect(relativeErrorOf(estimate, error)).toBe(expected);
  });
});
