import { parseTimeRange, type TimeRange } from "./time-range.ts";

/** A question to `cohortSizes` as the graph delivers it. */
export interface CohortSizesInput {
  readonly cohort: string;
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: string | null | undefined;
}

/** A validated question: how large which cohort was when. */
export interface CohortSizesQuestion {
  readonly cohort: string;
  readonly range: TimeRange;
  readonly timeZone: string;
}

/** Validates a question to `cohortSizes`; refuses with BAD_INPUT. Whether there is such a cohort is told when it is asked. */
export const parseCohortSizes = (input: CohortSizesInput): CohortSizesQuestion => ({
  ...{ cohort: input.cohort, timeZone: input.timeZone ?? "UTC" },
  range: parseTimeRange(input.range, "input.range"),
});

/** What a computation of a cohort found, as far as its buckets tell of it. */
export interface CountedCohort {
  /** The moment it is of: events before it counted. */
  readonly asOfMs: number;
  readonly size: number;
  readonly entered: number;
  readonly left: number;
  /** Whether it is the first of its definition: who is in it then did not come, the definition did. */
  readonly redefined: boolean;
}

/** The history of a cohort around a range, the oldest first. */
export interface CohortSizesHistory {
  /** The last computation of the range's begin or before; null where none is kept. */
  readonly before: CountedCohort | null;
  /** Those of later moments, up to the range's end. */
  readonly computations: readonly CountedCohort[];
  /** Whether computations before the first one told here may have been forgotten. */
  readonly forgotten: boolean;
  /** Computations of this moment and later may still come. */
  readonly completeToMs: number;
}

/** How large a cohort was when a bucket ended, and who came and left in it; null where it had not been computed, or what was is not kept. */
export interface SizeInBucket {
  readonly atMs: number;
  readonly size: number | null;
  readonly joined: number | null;
  readonly left: number | null;
  /** Seconds from the moment of the last computation to the bucket's end. */
  readonly ageSeconds: number | null;
  readonly complete: boolean;
}

/** Lays a history out in buckets. A computation of the moment a bucket ends at is of the events before it, and belongs to that bucket. */
export const sizesInBuckets = (
  { before, computations, forgotten, completeToMs }: CohortSizesHistory,
  buckets: readonly { readonly fromMs: number; readonly toMs: number }[],
): readonly SizeInBucket[] => {
  const known = before ?? (forgotten ? null : { asOfMs: Number.NEGATIVE_INFINITY });
  let [last, next] = [before, 0];
  return buckets.map(({ fromMs, toMs }) => {
    let [joined, left] = [0, 0];
    for (let one = computations[next]; one !== undefined && one.asOfMs <= toMs; one = computations[next]) {
      last = one;
      next += 1;
      if (one.redefined || one.asOfMs <= fromMs) continue;
      joined += one.entered;
      left += one.left;
    }
    const told = last !== null && (known !== null || (computations[0]?.asOfMs ?? Infinity) <= fromMs);
    return {
      ...{ atMs: fromMs, size: last?.size ?? null, complete: toMs < completeToMs },
      ...(told ? { joined, left } : { joined: null, left: null }),
      ageSeconds: last === null ? null : (toMs - last.asOfMs) / 1_000,
    };
  });
};
