import { describe, expect, test } from "@jest/globals";
import { benjaminiHochberg, holm } from "./multiple-tests.ts";

describe("corrections for many tests", () => {
  test("are as R's p.adjust gives them", () => {
    const ps = [0.01, 0.04, 0.03, 0.005];
    holm(ps).forEach((p, index) => expect(p).toBeCloseTo([0.03, 0.06, 0.06, 0.02][index] ?? NaN, 12));
    benjaminiHochberg(ps).forEach((p, index) => expect(p).toBeCloseTo([0.02, 0.04, 0.04, 0.02][index] ?? NaN, 12));
  });
});
