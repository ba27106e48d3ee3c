import { chiSquareTail } from "../statistics.ts";

/** How many values of either side lie in one bin. */
export interface BinCounts {
  readonly reference: number;
  readonly now: number;
}

/** What a bin's counts come to. */
export interface BinShares {
  readonly referenceShare: number;
  readonly share: number;
  /** What the bin adds to the population stability index. */
  readonly contribution: number;
}

/** How unlike two distributions are. */
export interface DriftMeasures {
  readonly psi: number;
  /** Chance of an index at least as great if nothing had changed. */
  readonly p: number;
  readonly jensenShannon: number;
  readonly bins: readonly BinShares[];
}

/** Counts as if each bin that holds anything had half a value more (Krichevsky and Trofimov, IEEE Transactions on Information Theory 27 (1981)), so that no logarithm is of 0. */
const HALF = 0.5;

const sumOf = (bins: readonly BinCounts[], read: (bin: BinCounts) => number): number =>
  bins.reduce((sum, bin) => sum + read(bin), 0);

/** The shares of both sides in a bin, of counts with half a value more in each that holds anything; null of a bin that holds nothing. */
export const smoothedShares = (counts: readonly BinCounts[]) => {
  const [referenceTotal, total] = [sumOf(counts, ({ reference }) => reference), sumOf(counts, ({ now }) => now)];
  const held = counts.filter(({ reference, now }) => reference + now > 0).length;
  const smoothed = (count: number, of: number): number => (count + HALF) / (of + HALF * held);
  return ({ reference, now }: BinCounts): { readonly before: number; readonly after: number } | null =>
    reference + now === 0 ? null : { before: smoothed(reference, referenceTotal), after: smoothed(now, total) };
};

/** Half of what a share adds to a divergence from the middle of both, in bits; nothing where it is 0. */
const bits = (share: number, middle: number): number => (share === 0 ? 0 : (share * Math.log2(share / middle)) / 2);

/**
 * Compares two distributions over the same bins, in which both have values. Population stability index: Σ (q - p) ln (q / p) of the smoothed shares (Siddiqi, "Credit Risk Scorecards", 2006); without a change, index / (1/n + 1/m)
 * is chi-square of one degree less than there are bins that hold anything (Yurdakul and Naranjo, Journal of Risk Model Validation 14 (2020)). Jensen-Shannon distance: the root of the divergence in bits, 0 to 1, of
 * the shares as they are (Lin 1991; Endres and Schindelin 2003).
 */
export const driftMeasures = (counts: readonly BinCounts[]): DriftMeasures => {
  const [referenceTotal, total] = [sumOf(counts, ({ reference }) => reference), sumOf(counts, ({ now }) => now)];
  const held = counts.filter(({ reference, now }) => reference + now > 0).length;
  const smoothed = smoothedShares(counts);
  let [psi, divergence] = [0, 0];
  const bins = counts.map((bin): BinShares => {
    const [referenceShare, share] = [bin.reference / referenceTotal, bin.now / total];
    const shares = smoothed(bin);
    if (shares === null) return { referenceShare, share, contribution: 0 };
    const { before, after } = shares;
    const contribution = (after - before) * Math.log(after / before);
    const middle = (referenceShare + share) / 2;
    psi += contribution;
    divergence += bits(referenceShare, middle) + bits(share, middle);
    return { referenceShare, share, contribution };
  });
  const p = held < 2 ? 1 : chiSquareTail(psi / (1 / referenceTotal + 1 / total), held - 1);
  // Rounding may take the divergence of equal shares below 0, and that of shares apart above 1.
  return { psi, p, bins, jensenShannon: Math.sqrt(Math.min(1, Math.max(0, divergence))) };
};
