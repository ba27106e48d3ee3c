import betainc from "@stdlib/math-base-special-betainc";
import erfc from "@stdlib/math-base-special-erfc";
import { expectedOf, MIN_COMPARISONS, numberOf, type Quantity, type SliceMeasure } from "./slice-measure.ts";

/** Chance of a value at least as far from 0, either side, of Student's t with so many degrees of freedom. */
const studentTail = (t: number, freedom: number): number =>
  Number.isFinite(t) ? betainc(freedom / (freedom + t * t), freedom / 2, 0.5, true, false) : 0;

/** What is compared: a slice's share of a sum, of none its share of what it was looked for among; or how far its ratio lies from the whole's; null of nothing. */
const relative = (slice: Quantity, whole: Quantity): number | null => {
  if (slice.base === null && whole.value === 0)
    return (whole.seen ?? 0) > 0 ? (slice.seen ?? 0) / (whole.seen ?? 1) : null;
  if (slice.base === null) return slice.value / whole.value;
  const [own, all] = [numberOf(slice), numberOf(whole)];
  return own === null || all === null ? null : own - all;
};

/** Variance that drawing so many units makes of a share of them; ratios above 1 are no shares, and have none. */
const drawnVariance = (slice: Quantity, whole: Quantity): number => {
  const [part, all, n] =
    slice.base === null ? [slice.value, whole.value, whole.units] : [slice.value, slice.base, slice.units];
  if (n <= 0 || all <= 0) return 0;
  const p = Math.min(1, Math.max(0, part / all));
  return (p * (1 - p)) / n;
};

const chanceOf = (distance: number, variance: number, tail: (distances: number) => number): number =>
  distance === 0 ? 1 : variance === 0 ? 0 : tail(distance / Math.sqrt(variance));

/** The greater of two chances of a value as far from its usual ones: by their spread, and by so much variance as drawing alone makes. 1 where too few are known. */
const chanceBeside = (actual: number | null, usual: readonly number[], drawn: number): number => {
  const n = usual.length;
  if (actual === null || n < MIN_COMPARISONS) return 1;
  const mean = usual.reduce((sum, value) => sum + value, 0) / n;
  const spread = usual.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const distance = Math.abs(actual - mean);
  const bySpread = chanceOf(distance, spread * (1 + 1 / n), (t) => studentTail(t, n - 1));
  return Math.max(
    bySpread,
    chanceOf(distance, drawn * (1 + 1 / n), (z) => erfc(z / Math.SQRT2)),
  );
};

/**
 * Two-sided chance that a slice lies as far from its usual place within the whole by chance alone: the greater of two. One by the spread of the comparable times (a new value against their prediction
 * interval, Student's t with one degree of freedom fewer than they are), one by the units alone it was measured from (normal, binomial variance). A change that all slices share is none of a slice.
 * 1 where too few times are comparable.
 */
export const deviationChance = (slice: SliceMeasure, whole: SliceMeasure): number => {
  const usual = slice.before.flatMap((one, at) => {
    const all = whole.before[at];
    const value = all === undefined ? null : relative(one, all);
    return value === null ? [] : [value];
  });
  const drawn = Math.max(
    drawnVariance(expectedOf(slice), expectedOf(whole)),
    drawnVariance(slice.actual, whole.actual),
  );
  return chanceBeside(relative(slice.actual, whole.actual), usual, drawn);
};

/** The same chance of a ratio by itself, beside what it usually is. */
export const rateChance = (rate: SliceMeasure): number => {
  const drawn = [expectedOf(rate), rate.actual].map((one) => drawnVariance(one, one));
  return chanceBeside(
    numberOf(rate.actual),
    rate.before.flatMap((one) => numberOf(one) ?? []),
    Math.max(...drawn),
  );
};
