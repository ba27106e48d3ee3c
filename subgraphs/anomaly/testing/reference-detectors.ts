// What detectors are defined to say of the last of a list of values, each from the whole list and nothing else. Where a detector and this differ, the detector is wrong.

const known = (values: readonly (number | null)[]): readonly number[] => values.filter((value) => value !== null);
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** The middle of a list; NaN of an empty one. */
export const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
};

/** Iglewicz and Hoaglin's modified z-score of the last value by the window before it; null while less than half of that is known. */
export const modifiedZ = (values: readonly (number | null)[], window: number): number | null => {
  const before = known(values.slice(0, -1).slice(-window));
  const value = values.at(-1) ?? null;
  if (value === null || 2 * before.length < window) return null;
  const median = medianOf(before);
  const distances = before.map((one) => Math.abs(one - median));
  const mad = medianOf(distances);
  const deviation = mad > 0 ? mad / 0.6745 : sum(distances) / distances.length / Math.sqrt(2 / Math.PI);
  return value === median ? 0 : (value - median) / deviation;
};

/** A chart's average, the mean it should be at, and how far from it the average may lie. */
interface Chart {
  readonly average: number;
  readonly mean: number;
  readonly width: number;
}

/** Roberts' chart at the last value, and how many values it has seen; null while less than half of a baseline is known. */
export const movingAverageChart = (
  values: readonly (number | null)[],
  { lambda, limit, baseline }: { readonly lambda: number; readonly limit: number; readonly baseline: number },
): Chart | null => {
  let chart: Chart | null = null;
  let seen = 0;
  let last: Chart | null = null;
  for (const [place, value] of values.entries()) {
    const before = known(values.slice(0, place).slice(-baseline));
    last = null;
    if (value === null || 2 * before.length < baseline) continue;
    const mean = sum(before) / before.length;
    const deviation = Math.sqrt(sum(before.map((one) => (one - mean) ** 2)) / (before.length - 1));
    seen += 1;
    const share = (lambda / (2 - lambda)) * (1 - (1 - lambda) ** (2 * seen));
    const average: number = lambda * value + (1 - lambda) * (chart?.average ?? mean);
    last = chart = { average, mean, width: limit * deviation * Math.sqrt(share) };
  }
  return last;
};
