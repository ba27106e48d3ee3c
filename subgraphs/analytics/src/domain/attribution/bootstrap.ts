import type { PathGroup, PathSet } from "./paths.ts";
import { drawNormal, drawPoisson, type Random } from "./random.ts";

const times = (numbers: readonly number[], factor: number): readonly number[] =>
  factor === 1 ? numbers : numbers.map((number) => number * factor);

/** The sum of `drawn` values that are drawn, with replacement, from a group's own: its mean, and as much scatter as the group has. */
const drawnValue = (group: PathGroup, drawn: number, random: Random): number => {
  if (group.conversions === 0 || drawn === 0) return 0;
  const mean = group.value / group.conversions;
  const variance = group.valueSquares / group.conversions - mean * mean;
  // What is left of equal values by rounding is no scatter.
  const scatters = variance > 1e-12 * Math.max(1, mean * mean);
  return drawn * mean + (scatters ? Math.sqrt(drawn * variance) * drawNormal(random) : 0);
};

const resampledGroup = (group: PathGroup, random: Random): PathGroup => {
  const conversions = drawPoisson(group.conversions, random);
  const losses = drawPoisson(group.losses, random);
  const value = drawnValue(group, conversions, random);
  const [byCount, byValue] = [
    group.conversions === 0 ? 0 : conversions / group.conversions,
    group.value === 0 ? 0 : value / group.value,
  ];
  return {
    ...group,
    conversions,
    losses,
    value,
    timed: group.timed.map((shares) => ({
      conversions: times(shares.conversions, byCount),
      value: times(shares.value, byValue),
    })),
  };
};

/**
 * Another set of journeys as if by chance: each journey comes as often as a Poisson number of mean 1 says, so that each path's count is a Poisson
 * number of its own (the Poisson bootstrap; Hanley and MacGibbon 2006). Paths that no journey took are left out.
 */
export const resample = ({ labels, groups }: PathSet, random: Random): PathSet => ({
  labels,
  groups: groups
    .map((group) => resampledGroup(group, random))
    .filter(({ conversions, losses }) => conversions + losses > 0),
});

/** Ends of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const quantile = (sorted: Float64Array, level: number): number => {
  const place = level * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
};

/** The middle `level` of what resampling gave (Efron's percentile interval, 1979), between ranks by linear interpolation. */
export const percentileInterval = (draws: Float64Array, level: number): Interval => {
  const sorted = draws.toSorted();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
};
