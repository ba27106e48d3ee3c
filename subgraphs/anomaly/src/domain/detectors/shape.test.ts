import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createShape } from "./shape.ts";
import { createSlidingDistances, REMEMBERED, type ShapeSettings } from "./sliding-distances.ts";

const settings = fc.record({ length: fc.integer({ min: 1, max: 8 }), stride: fc.integer({ min: 1, max: 4 }) });
const value = fc.oneof(
  { weight: 20, arbitrary: fc.double({ min: -1_000, max: 1_000, noNaN: true }) },
  { weight: 10, arbitrary: fc.constantFrom(0, 1) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);

/** Distances of the last values to all earlier vectors that share none with them, each computed from its values. */
const reference = (values: readonly number[], { length, stride }: ShapeSettings): readonly number[] => {
  const distances: number[] = [];
  for (let ago = length; ago <= Math.min(REMEMBERED, values.length - length); ago += stride) {
    const squares = Array.from(
      { length },
      (_, back) => ((values.at(-1 - back) ?? 0) - (values.at(-1 - back - ago) ?? 0)) ** 2,
    );
    distances.push(Math.sqrt(squares.reduce((sum, one) => sum + one, 0)));
  }
  return distances.filter((one) => !Number.isNaN(one)).toSorted((one, other) => one - other);
};
const fresh = { seen: 0, values: [] };

describe("distances that slide", () => {
  test("are those computed from the values of each pair of shapes, with gaps and across them", () => {
    fc.assert(
      fc.property(settings, fc.array(value, { maxLength: 80 }), fc.nat(80), (of, values, from) => {
        const distances = createSlidingDistances(of, fresh);
        values.forEach((one, place) => {
          distances.put(one);
          const expected = reference(values.slice(0, place + 1), of).slice(0, 3);
          const told = place < from ? null : distances.nearest(3).map(({ distance }) => distance);
          if (told === null) return;
          expect(told).toHaveLength(expected.length);
          told.forEach((one, rank) => expect(Math.abs(one - (expected[rank] ?? 0))).toBeLessThan(1e-4));
        });
      }),
    );
  });

  test("forget what is more than a week of five minutes ago, and roundings with it", () => {
    const of = { length: 3, stride: 1 };
    const distances = createSlidingDistances(of, fresh);
    const values = [1e9, 5, 1e9, ...Array.from({ length: REMEMBERED + 300 }, (_, place) => Math.sin(place) * 10)];
    values.forEach(distances.put);
    const expected = reference(values, of);
    distances.nearest(3).forEach(({ distance }, rank) => expect(distance).toBeCloseTo(expected[rank] ?? 0, 9));
  });

  test("name how long ago each shape ended", () => {
    const distances = createSlidingDistances({ length: 2, stride: 1 }, fresh);
    [0, 7, 3, 3, 0, 7].forEach(distances.put);
    expect(distances.nearest(1)).toEqual([{ ago: 4, distance: 0 }]);
  });
});

describe("the shape of a series' latest values", () => {
  const wave = Array.from({ length: 400 }, (_, place) => Math.round(100 * Math.sin(place / 5) + ((place * 37) % 11)));

  test("surprises where a wave goes flat, and not where it goes on", () => {
    const shape = createShape({ length: 12, stride: 1 });
    wave.forEach((one) => shape.judge(one));
    const onward = createShape({ length: 12, stride: 1 }, shape.save());
    const next = Array.from({ length: 12 }, (_, place) => Math.round(100 * Math.sin((400 + place) / 5)));
    expect(Math.max(...next.map((one) => onward.judge(one).surprise))).toBeLessThan(1.5);
    const flat = Array.from({ length: 12 }, () => shape.judge(60).surprise);
    expect(Math.max(...flat)).toBeGreaterThan(2);
  });

  test("goes on after it was kept as if it never had been, but for rounding", () => {
    fc.assert(
      fc.property(settings, fc.array(value, { minLength: 40, maxLength: 120 }), fc.nat(120), (of, values, at) => {
        const asGiven = (one: number) => (Number.isNaN(one) ? null : one);
        const [whole, before] = [createShape(of), createShape(of)];
        values.slice(0, at).forEach((one) => before.judge(asGiven(one)));
        const after = createShape(of, structuredClone(before.save()));
        values.forEach((one, place) => {
          const expected = whole.judge(asGiven(one)).surprise;
          if (place >= at) expect(Math.abs(after.judge(asGiven(one)).surprise - expected)).toBeLessThan(0.5);
        });
      }),
      { endOnFailure: true },
    );
  });
});
