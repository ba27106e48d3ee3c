import { smoothedShares, type BinCounts } from "./drift-measures.ts";

/** What values add to the population stability index. */
export interface DriftScores {
  /** Of one value of each bin: the mean over the values that were compared is the index. */
  readonly each: readonly number[];
  /** Of one value of a bin that has the same share on both sides: bins beyond it have grown. */
  readonly unmoved: number;
  /** Of the halves of a value that each bin is counted with, which are no events. */
  readonly halves: { readonly sum: number; readonly count: number };
}

/**
 * The population stability index as a mean over values: Σ (q - p) ln (q / p) is the mean of ln (q / p) over the values of one side, less that over the other's. A value counts with the logarithm of its bin less the
 * reference's mean, so that the values of slices add up to the index. A bin that neither side holds tells nothing.
 */
export const driftScores = (counts: readonly BinCounts[]): DriftScores => {
  const shares = counts.map(smoothedShares(counts));
  const logs = shares.map((share) => (share === null ? 0 : Math.log(share.after / share.before)));
  const usual = shares.reduce((sum, share, bin) => sum + (share?.before ?? 0) * (logs[bin] ?? 0), 0);
  const each = logs.map((log) => log - usual);
  const halves = each.flatMap((score, bin) => (shares[bin] === null ? [] : [score / 2]));
  return {
    each,
    unmoved: -usual,
    halves: { sum: halves.reduce((sum, half) => sum + half, 0), count: halves.length / 2 },
  };
};
