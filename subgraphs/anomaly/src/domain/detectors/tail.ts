import { z } from "zod";

/** Parts of each doubling that distances are told apart by: two in one bin differ by 9 % at most (DDSketch, Masson et al., VLDB 2019). */
const BINS_PER_OCTAVE = 8;
/** Doublings that are told apart, half of them below the first distance that is not 0. */
const OCTAVES = 50;
const BINS = BINS_PER_OCTAVE * OCTAVES;
/** Share of all distances that lie below where the tail begins. */
const TAIL_BEGINS = 0.9;
/** Distances that must be known before anything is said. */
const MIN_KNOWN = 50;
/** Greatest surprise: a chance of one in a million million can't be told from a smaller one by thousands of distances. */
export const MAX_SURPRISE = 12;
/** Heaviest tail that moments tell: beyond it a variance may not exist. */
const MAX_SHAPE = 0.5;
/** Below it a tail is taken to be exponential. */
const MIN_SHAPE = 1e-3;
const SMALLEST = 1e-12;

/** Reads what a tail has learnt. */
export const tailSchema = z.object({
  /** Logarithm to base 2 of the lower end of bin 1; null before a distance that is not 0. */
  offset: z.number().nullable(),
  /** Bins that hold something, with how many distances. */
  counts: z
    .array(
      z.tuple([
        z
          .number()
          .int()
          .min(0)
          .max(BINS - 1),
        z.number().int().min(0),
      ]),
    )
    .max(BINS),
});

/** What a tail has learnt, as it is kept. */
export type TailState = z.infer<typeof tailSchema>;

/** How surprising a distance is by all distances before it. */
export interface Tail {
  /** -log10 of the chance of a distance at least as great, 0 to {@link MAX_SURPRISE}; 0 of what is no tail, and while too few are known. */
  readonly surprise: (distance: number) => number;
  /** The distance that would surprise as much; null while too few are known. */
  readonly distanceAt: (surprise: number) => number | null;
  readonly learn: (distance: number) => void;
  readonly save: () => TailState;
}

const MIDDLE = 0.5;
/** Lower ends of the bins, in units of the lower end of bin 1. */
const LOW = Float64Array.from({ length: BINS + 1 }, (_, bin) => (bin === 0 ? 0 : 2 ** ((bin - 1) / BINS_PER_OCTAVE)));
const low = (bin: number): number => LOW[bin] ?? 0;

/** A generalised Pareto tail beyond `from`: `share` of all distances are there. */
interface Beyond {
  readonly from: number;
  readonly share: number;
  readonly shape: number;
  readonly scale: number;
}

/** The generalised Pareto distribution of excesses by their first two moments (Hosking and Wallis, Technometrics 29 (1987)). */
const byMoments = (mean: number, variance: number): { readonly shape: number; readonly scale: number } => {
  const estimate = 0.5 * (1 - (mean * mean) / Math.max(variance, SMALLEST * mean * mean));
  const shape = Math.max(0, Math.min(MAX_SHAPE, estimate));
  return { shape, scale: mean * (1 - shape) };
};

/** The tail of counted distances: `known` of them, the furthest in bin `last`, bin 1 beginning at `unit`. */
const tailOf = (
  counts: Float64Array,
  { known, last, unit }: { readonly known: number; readonly last: number; readonly unit: number },
): Beyond | null => {
  let [first, there] = [last + 1, 0];
  while (first > 1 && there < (1 - TAIL_BEGINS) * known) {
    first -= 1;
    there += counts[first] ?? 0;
  }
  let [sum, squares] = [0, 0];
  for (let bin = first; bin <= last; bin += 1) {
    const excess = (low(bin) + low(bin + 1)) * MIDDLE - low(first);
    sum += (counts[bin] ?? 0) * excess;
    squares += (counts[bin] ?? 0) * excess * excess;
  }
  if (there === 0) return null;
  const mean = sum / there;
  const { shape, scale } = byMoments(mean, squares / there - mean * mean);
  return { from: low(first) * unit, share: there / known, shape, scale: scale * unit };
};

/**
 * Learns a distribution of distances in logarithmic bins and tells how far out in its tail one lies: beyond the 90 % quantile excesses follow a
 * generalised Pareto distribution (peaks over threshold; Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017).
 */
export const createTail = (saved: TailState | null = null): Tail => {
  const counts = new Float64Array(BINS);
  let offset = saved?.offset ?? null;
  let [known, last] = [0, 0];
  /** The tail of what is known now; undefined when it must be looked for anew. */
  let found: Beyond | null | undefined;
  for (const [bin, count] of saved?.counts ?? []) {
    counts[bin] = count;
    known += count;
    last = Math.max(last, bin);
  }

  const binOf = (distance: number): number => {
    if (offset === null || !(distance > SMALLEST)) return 0;
    const bin = Math.floor((Math.log2(distance) - offset) * BINS_PER_OCTAVE) + 1;
    return Math.max(0, Math.min(BINS - 1, bin));
  };
  const beyond = (): Beyond | null => {
    if (found === undefined)
      found = known < MIN_KNOWN || offset === null ? null : tailOf(counts, { known, last, unit: 2 ** offset });
    return found;
  };

  return {
    surprise: (distance) => {
      const tail = beyond();
      if (tail === null || distance <= tail.from) return 0;
      const excess = (distance - tail.from) / tail.scale;
      const further = tail.shape < MIN_SHAPE ? excess : Math.log1p(tail.shape * excess) / tail.shape;
      return Math.min(MAX_SURPRISE, (further - Math.log(tail.share)) / Math.LN10);
    },
    distanceAt: (surprise) => {
      const tail = beyond();
      if (tail === null) return null;
      const further = Math.max(0, surprise * Math.LN10 + Math.log(tail.share));
      const excess = tail.shape < MIN_SHAPE ? further : Math.expm1(tail.shape * further) / tail.shape;
      return tail.from + excess * tail.scale;
    },
    learn: (distance) => {
      if (offset === null && distance > SMALLEST) offset = Math.log2(distance) - OCTAVES / 2;
      const bin = binOf(distance);
      counts[bin] = (counts[bin] ?? 0) + 1;
      known += 1;
      last = Math.max(last, bin);
      found = undefined;
    },
    save: () => ({
      offset,
      counts: [...counts.entries()].filter(([, count]) => count > 0),
    }),
  };
};
