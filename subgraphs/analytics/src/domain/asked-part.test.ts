import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { approximationOf, estimated, fastPart, namedPart, samplingOf, standardErrorOf, WHOLE } from "./asked-part.ts";
import { parsePersonsPart } from "./asked-sample.ts";
import { seededRandom } from "./attribution/random.ts";

describe("the part of the persons a question is answered from", () => {
  test("is of as many whole hashes as it says, and all persons where that is asked for", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (fraction) => {
        const part = namedPart(fraction);
        expect(Math.abs(part.fraction - fraction)).toBeLessThanOrEqual(0.5 / 65_536);
        expect(part.slice === null).toBe(part.fraction === 1);
        if (part.slice?.hashTo !== undefined && part.slice.hashTo !== null)
          expect(Number(part.slice.hashTo) / 2 ** 64).toBeCloseTo(part.fraction, 12);
      }),
    );
    expect(namedPart(1)).toEqual(WHOLE);
  });

  test("that is fast is a power of two of the persons, reads at most 65,536 rows, fewer where each costs more, and more than half of that", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 29 }), fc.constantFrom(1, 2, 4), (rows, eventCost) => {
        const { fraction, exactRows } = fastPart(rows, eventCost);
        expect(Number.isInteger(Math.log2(fraction))).toBe(true);
        expect(rows * eventCost * fraction).toBeLessThanOrEqual(65_536);
        if (fraction < 1) expect(rows * eventCost * fraction).toBeGreaterThan(32_768);
        expect(exactRows).toBe(fraction < 1 ? rows : null);
      }),
    );
    expect(fastPart(65_536)).toEqual(WHOLE);
    expect(fastPart(65_537).fraction).toBe(0.5);
    expect(fastPart(2 ** 40).fraction).toBe(1 / 65_536);
  });

  test.each([
    [{ sample: 0.5 }, "input.sample"],
    [{ fast: true }, "input.fast"],
  ])("of anything but persons is refused: %j", (input, field) => {
    expect(() => parsePersonsPart(input, { kind: "SESSION" })).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", extras: { field } }),
    );
    expect(parsePersonsPart(input, { kind: "PERSON" }).kind).not.toBe("ALL");
  });

  test("is told with its size, and nothing is told of all persons", () => {
    const part = { ...namedPart(0.25), exactRows: 7 };
    expect(samplingOf(part, 3)).toMatchObject({ reason: "ASKED", fraction: 0.25, sampledPersons: 3, exactRows: 7 });
    expect(approximationOf(part, "sessions", 100, 400)).toEqual([
      { column: "sessions", method: "sample of 25.0 % of the persons", relativeError: Math.sqrt(0.75 * 400) / 100 },
    ]);
    expect(samplingOf(WHOLE, 3)).toBeNull();
    expect(approximationOf(WHOLE, "sessions", 100)).toEqual([]);
    expect(standardErrorOf(WHOLE, 100)).toBeNull();
  });

  test.each([
    ["each counts once", () => 1],
    ["each adds as many as chance has it", (random: () => number) => Math.floor(random() ** 3 * 8)],
  ])("gives totals that lie within 1.96 standard errors of the true ones 95 times in 100, where %s", (_what, drawn) => {
    const random = seededRandom(11);
    const part = namedPart(0.25);
    const amounts = Array.from({ length: 800 }, () => drawn(random));
    const truth = amounts.reduce((sum, amount) => sum + amount, 0);
    const runs = 2_000;
    let covered = 0;
    for (let run = 0; run < runs; run += 1) {
      const sample = amounts.filter(() => random() < part.fraction);
      const sum = sample.reduce((total, amount) => total + amount, 0);
      const error =
        standardErrorOf(
          part,
          sample.reduce((total, amount) => total + amount * amount, 0),
        ) ?? 0;
      if (Math.abs(estimated(part, sum) - truth) <= 1.96 * error) covered += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.93);
    expect(covered / runs).toBeLessThan(0.97);
  });
});
