import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceSizes } from "../../testing/reference-cohort-sizes.ts";
import { sizesInBuckets } from "./cohort-sizes.ts";

const history = fc
  .uniqueArray(
    fc.record({
      asOfMs: fc.integer({ min: -5, max: 60 }),
      size: fc.nat(50),
      entered: fc.nat(20),
      left: fc.nat(20),
      later: fc.boolean(),
    }),
    { selector: ({ asOfMs }) => asOfMs, maxLength: 15 },
  )
  .map((computations) => {
    let version = 1;
    return computations
      .toSorted((one, other) => one.asOfMs - other.asOfMs)
      .map(({ later, ...one }) => ({ ...one, version: later ? (version += 1) : version }));
  });

test("The size of a cohort in a bucket is that of its last computation by then, and who joined and left is of those in it, as looking through the whole history says", () => {
  fc.assert(
    fc.property(history, fc.boolean(), fc.integer({ min: 1, max: 9 }), (kept, forgotten, width) => {
      const buckets = Array.from({ length: 5 }, (_, at) => ({ fromMs: at * width, toMs: (at + 1) * width }));
      const told = kept.map((one, at) => ({ ...one, redefined: kept[at - 1]?.version !== one.version }));
      const laidOut = sizesInBuckets(
        {
          before: told.findLast(({ asOfMs }) => asOfMs <= 0) ?? null,
          computations: told.filter(({ asOfMs }) => asOfMs > 0 && asOfMs <= 5 * width),
          ...{ forgotten, completeToMs: 4 * width + 1 },
        },
        buckets,
      );
      expect(laidOut.map(({ size, joined, left, ageSeconds }) => ({ size, joined, left, ageSeconds }))).toEqual(
        referenceSizes(kept, forgotten, buckets),
      );
      expect(laidOut.map(({ complete }) => complete)).toEqual([true, true, true, true, false]);
    }),
  );
});
