import { z } from "zod";
import { sizesInBuckets } from "../../domain/cohort-sizes.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import type { Ask, BehaviourToWatch, Read } from "./each-bucket.ts";

const counted = z.object({
  ...{ asOfMs: z.number(), size: z.number(), entered: z.number(), left: z.number(), redefined: z.boolean() },
});
const sizesShape = z
  .object({
    before: counted.nullable(),
    computations: z.array(counted),
    forgotten: z.boolean(),
    completeTo: z.string().transform((text) => Date.parse(text)),
  })
  .transform(({ completeTo, ...rest }) => ({ ...rest, completeToMs: completeTo }));

/** Reads how large a cohort was when each bucket ended, and who came and left in it; the whole history is read once. */
export const watchCohortSizes = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.COHORT_SIZES, "size");
  const { buckets, timeZone } = window;
  const history = sizesShape.parse(await ask({ ...input, timeZone, range: rangeOfBuckets(buckets) }));
  const points = sizesInBuckets(history, buckets).map(({ atMs, complete, size, ...numbers }) => ({
    ...{ group: [], atMs, complete, point: { value: { size, ...numbers }[name], samples: size } },
  }));
  return { points, more: false, empty: null };
};
