import fc from "fast-check";
import type { Observation } from "../src/domain/detectors/detector.ts";

const HOUR_MS = 3_600_000;
/** A Monday, midnight, in 2026. */
export const MONDAY_MS = Date.UTC(2026, 2, 2);

/** Observations of consecutive buckets from a Monday's midnight on, on a clock that nobody changes. */
export const observationsOf = (
  values: readonly (number | null)[],
  bucketMs = HOUR_MS,
  more: Partial<Observation> = {},
): readonly Observation[] =>
  values.map((value, place) => ({
    ...{ atMs: MONDAY_MS + place * bucketMs, untilMs: MONDAY_MS + (place + 1) * bucketMs },
    ...{ value, samples: null, calendar: null },
    hourOfWeek: Math.floor((place * bucketMs) / HOUR_MS) % 168,
    ...more,
  }));

/** Values as they come: of every size, often equal, sometimes none. */
export const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 3, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e-300, 1e300, -Number.MAX_VALUE, Number.MAX_VALUE, Number.NaN) },
  { weight: 1, arbitrary: fc.constant(null) },
);

/** Series of any values, with labels and samples of all kinds. */
export const anySeries = (maxLength: number): fc.Arbitrary<readonly Observation[]> =>
  fc
    .tuple(
      fc.array(fc.tuple(anyValue, fc.option(fc.nat(5)), fc.constantFrom(null, null, null, "feast", "sale")), {
        maxLength,
      }),
      fc.constantFrom(HOUR_MS / 12, HOUR_MS, 24 * HOUR_MS),
    )
    .map(([points, bucketMs]) =>
      observationsOf(
        points.map(([value]) => value),
        bucketMs,
      ).map((one, place) => ({ ...one, samples: points[place]?.[1] ?? null, calendar: points[place]?.[2] ?? null })),
    );
