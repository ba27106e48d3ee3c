import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createHistory, REMEMBERED } from "./history.ts";
import { createNearestShapes, type ShapeSettings } from "./nearest-shapes.ts";
import { createShape } from "./shape.ts";

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

describe("the nearest shapes", () => {
  test("are those computed from the values of each pair of shapes, with gaps and across them", () => {
    fc.assert(
      fc.property(settings, fc.array(value, { maxLength: 80 }), fc.nat(80), (of, values, from) => {
        const history = createHistory(null);
        const nearestShapes = createNearestShapes(history, of);
        values.forEach((one, place) => {
          history.put(one);
          if (place < from) return;
          const expected = reference(values.slice(0, place + 1), of).slice(0, 3);
          const told = nearestShapes(3).map(({ distance }) => distance);
          expect(told).toHaveLength(expected.length);
          told.forEach((distance, rank) => expect(distance).toBeCloseTo(expected[rank] ?? 0, 9));
        });
      }),
    );
  });

  test("are none of more than a week of five minutes ago", () => {
    const of = { length: 3, stride: 1 };
    const history = createHistory(null);
    const values = [1e9, 5, 1e9, ...Array.from({ length: REMEMBERED + 300 }, (_, place) => Math.sin(place) * 10)];
    values.forEach(history.put);
    const expected = reference(values, of);
    createNearestShapes(
      history,
      of,
    )(3).forEach(({ distance }, rank) => expect(distance).toBeCloseTo(expected[rank] ?? 0, 9));
  });

  test("name how long ago each ended", () => {
    const history = createHistory(null);
    [0, 7, 3, 3, 0, 7].forEach(history.put);
    expect(createNearestShapes(history, { length: 2, stride: 1 })(1)).toEqual([{ ago: 4, distance: 0 }]);
  });
});

describe("the shape of a series' latest values", () => {
  const wave = Array.from({ length: 400 }, (_, place) => Math.round(100 * Math.sin(place / 5) + ((place * 37) % 11)));

  test("surprises where a wave goes flat, and not where it goes on", () => {
    const of = { length: 12, stride: 1 };
    const surprises = (next: readonly number[]): readonly number[] => {
      const history = createHistory(null);
      const shape = createShape(of, history);
      const told = [...wave, ...next].map((one) => {
        history.put(one);
        return shape.judge().surprise;
      });
      return told.slice(wave.length);
    };
    const onward = Array.from({ length: 12 }, (_, place) => Math.round(100 * Math.sin((400 + place) / 5)));
    expect(Math.max(...surprises(onward))).toBeLessThan(1.5);
    expect(Math.max(...surprises(onward.map(() => 60)))).toBeGreaterThan(2);
  });
});
