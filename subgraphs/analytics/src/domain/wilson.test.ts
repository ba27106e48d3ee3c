import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { normalQuantile, wilsonInterval } from "./wilson.ts";

describe("the normal quantile", () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.9, 1.2815515655446004],
    [0.001, -3.090232306167813],
  ])("of %d is %d, as tables give it", (probability, z) => {
    expect(normalQuantile(probability)).toBeCloseTo(z, 7);
  });
});

describe("a Wilson interval", () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("of %d of %d is from %d to %d, as published", (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials, 0.95);
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  it("holds its rate, lies within 0 and 1, and is wider the surer it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, part) => {
        const successes = Math.round(trials * part);
        const narrow = wilsonInterval(successes, trials, 0.8);
        const wide = wilsonInterval(successes, trials, 0.99);
        if (narrow === null || wide === null) throw new Error("there are trials");
        expect(narrow.low).toBeLessThanOrEqual(successes / trials + 1e-12);
        expect(narrow.high).toBeGreaterThanOrEqual(successes / trials - 1e-12);
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        expect(Math.min(wide.low, 1 - wide.high)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("of nothing is none", () => expect(wilsonInterval(0, 0, 0.95)).toBeNull());
});
