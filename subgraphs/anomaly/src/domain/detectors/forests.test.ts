import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { definedSeries } from "../../../testing/detector-definitions.ts";
import { bandByTrying, referenceForest } from "../../../testing/reference-forests.ts";
import { observationsOf } from "../../../testing/series-arbitraries.ts";
import { bandAbout, createHeights } from "./conditional-band.ts";
import { createDetector } from "./create-detector.ts";
import type { Finding } from "./detector.ts";
import { createHalfSpaces } from "./half-spaces.ts";
import { growForest } from "./isolation-trees.ts";

const value = fc.integer({ min: -20, max: 20 });
const pointsOf = (dimensions: number) =>
  fc.array(fc.array(value, { minLength: dimensions, maxLength: dimensions }), { minLength: 2, maxLength: 60 });
const heightAt = ({ edges, heights }: ReturnType<ReturnType<typeof createHeights>["build"]>, at: number): number =>
  heights[edges.filter((edge) => edge <= at).length] ?? Number.NaN;
const sideOf = (off: number): string => (off > 0 ? "ABOVE" : "BELOW");
const close = (one: number, other: number): boolean => Math.abs(one - other) <= 1e-9 * (1 + Math.abs(other));

describe("an isolation forest", () => {
  const asked = fc
    .integer({ min: 1, max: 3 })
    .chain((dimensions) =>
      fc.tuple(
        pointsOf(dimensions),
        fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: dimensions, maxLength: dimensions }),
      ),
    );
  const settings = { trees: 7, sample: 24, seed: 3 };

  test("says of a point what trees that keep their points say, and which values set it apart", () => {
    fc.assert(
      fc.property(asked, ([points, point]) => {
        const [forest, reference] = [growForest(points, settings), referenceForest(points, settings)];
        const { strangeness, bits } = forest.look(point);
        expect(strangeness).toBeCloseTo(reference.strangeness(point), 12);
        expect([...bits].every((one, at) => close(one, reference.bits(point)[at] ?? 0))).toBe(true);
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("knows how strange any value would be in place of the newest, and the band that trying all of them finds", () => {
    fc.assert(
      fc.property(
        asked,
        fc.array(fc.double({ min: -25, max: 25, noNaN: true }), { minLength: 5, maxLength: 5 }),
        (of, tried) => {
          const [points, point] = of;
          const [forest, reference] = [growForest(points, settings), referenceForest(points, settings)];
          const strangeness = (newest: number): number => reference.strangeness([newest, ...point.slice(1)]);
          const all = forest.heights(point);
          const wrong = tried.filter((newest) => !close(heightAt(all, newest), forest.heightOf(strangeness(newest))));
          expect(wrong).toEqual([]);
          const [newest = 0, about = 0] = [point[0], tried[0]];
          const limit = strangeness(about) + 1e-7;
          const normal = strangeness(newest) <= limit;
          const found = bandAbout(all, newest, { atLeast: forest.heightOf(limit), normal, range: [-20, 20] });
          const band = bandByTrying(reference.edges(), newest, (one) => strangeness(one) <= limit);
          expect(found.empty).toBe(false);
          expect(found.low ?? Number.NEGATIVE_INFINITY).toBe(band?.low);
          expect(found.high ?? Number.POSITIVE_INFINITY).toBe(band?.high);
          expect(strangeness(found.expected)).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
  });
});

describe("half-space trees", () => {
  test("know the mass about any value in place of the newest", () => {
    const place = fc.double({ min: -0.5, max: 1.5, noNaN: true });
    const asked = fc.integer({ min: 1, max: 3 }).chain((dimensions) => {
      const point = fc.array(place, { minLength: dimensions, maxLength: dimensions });
      return fc.tuple(
        fc.constant(dimensions),
        fc.array(point, { minLength: 1, maxLength: 60 }),
        point,
        fc.array(place, { minLength: 8, maxLength: 8 }),
      );
    });
    fc.assert(
      fc.property(asked, ([dimensions, points, point, tried]) => {
        const settings = { trees: 5, depth: 5, dimensions, seed: 4, sizeLimit: 4 };
        const spaces = createHalfSpaces({ ...settings, edge: (one) => one });
        points.forEach(spaces.count);
        const all = spaces.heights(point);
        const wrong = tried.filter((one) => !close(heightAt(all, one), 5 * spaces.look([one, ...point.slice(1)]).mass));
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });
});

describe("the band about a value", () => {
  test("holds what is as usual as was asked without a break, and expects what is most usual there", () => {
    const rises = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -3, max: 3 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(rises, fc.integer({ min: -12, max: 12 }), fc.integer({ min: -5, max: 9 }), (splits, at, atLeast) => {
        const builder = createHeights(splits.map(([edge]) => edge));
        splits.forEach(([, rise], place) => (builder.rises[builder.rank[place] ?? 0] = rise));
        const all = builder.build(0);
        const height = (one: number): number =>
          splits.reduce((sum, [edge, rise]) => (edge <= one ? sum + rise : sum), 0);
        const found = bandAbout(all, at, { atLeast, normal: height(at) >= atLeast, range: [-10, 10] });
        const band = bandByTrying(
          splits.map(([edge]) => edge),
          at,
          (one) => height(one) >= atLeast,
        );
        expect(found.empty).toBe(band === null);
        if (band === null) return;
        expect([found.low ?? Number.NEGATIVE_INFINITY, found.high ?? Number.POSITIVE_INFINITY]).toEqual([
          band.low,
          band.high,
        ]);
        const inside = Array.from({ length: 401 }, (_, place) => -10 + place / 20).filter(
          (one) => one >= band.low && one < band.high,
        );
        expect(height(found.expected)).toBe(
          inside.length === 0 ? height(found.expected) : Math.max(...inside.map(height)),
        );
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });
});

describe.each([
  { kind: "ISOLATION_FOREST", window: 64, sample: 16, trees: 10, dimensions: 1, rarity: 1.5 },
  { kind: "ISOLATION_FOREST", window: 64, sample: 32, trees: 20, dimensions: 3, rarity: 1.5 },
  { kind: "HALF_SPACE_TREES", window: 50, trees: 5, depth: 5, dimensions: 1, rarity: 1.5 },
  { kind: "HALF_SPACE_TREES", window: 50, trees: 10, depth: 4, dimensions: 2, rarity: 1.5 },
])("%j", (input) => {
  const definition = definedSeries(input);
  const some = fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 0, max: 10, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: -40, max: 40, noNaN: true }) },
  );

  test("would have found normal what lies in its band, and anomalous what lies just beyond", () => {
    fc.assert(
      fc.property(
        fc.array(some, { minLength: 200, maxLength: 260 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (values, shares) => {
          const series = observationsOf(values);
          const detector = createDetector(definition, undefined);
          series.slice(0, -1).forEach((one) => detector.judge(one));
          const kept: unknown = JSON.parse(JSON.stringify(detector.save()));
          const found = (newest: number): Finding => {
            const [last] = observationsOf([...values.slice(0, -1), newest]).slice(-1);
            if (last === undefined) throw new Error("There is no last bucket.");
            return createDetector(definition, kept).judge(last);
          };
          const { outcome, expected, low, high, side, weighed } = found(values.at(-1) ?? 0);
          if (outcome === "LEARNING" || expected === null || (low === high && low !== null)) return;
          const [from, to] = [low ?? expected - 50, high ?? expected + 50];
          const inside = [expected, ...shares.map((share) => from + (0.001 + 0.998 * share) * (to - from))];
          expect(inside.map((one) => found(one).outcome)).toEqual(inside.map(() => "NORMAL"));
          const apart = 1e-9 * (1 + Math.abs(from) + Math.abs(to));
          const beyond = [...(low === null ? [] : [low - apart]), ...(high === null ? [] : [high + apart])];
          expect(beyond.map((one) => found(one).outcome)).toEqual(beyond.map(() => "ANOMALOUS"));
          const newest = values.at(-1) ?? 0;
          expect(side).toBe(newest === expected ? null : sideOf(newest - expected));
          expect(weighed.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
