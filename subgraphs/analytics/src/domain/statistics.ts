import erfc from "@stdlib/math-base-special-erfc";
import gammainc from "@stdlib/math-base-special-gammainc";
import gammaln from "@stdlib/math-base-special-gammaln";
import { wilsonInterval } from "./wilson.ts";

/** 97.5 % quantile of the standard normal distribution: intervals are of 95 %. */
const Z95 = 1.959963984540054;
/** Confidence of intervals. */
export const CONFIDENCE_OF_INTERVALS = 0.95;
/** Below this expected count the chi-square approximation is not trusted and Fisher's exact test is taken (Cochran 1954). */
const LEAST_EXPECTED = 5;
/** Tables whose probability is equal but for rounding count as equally extreme; R's fisher.test takes the same. */
const ROUNDING = 1 + 1e-7;

/** Both ends of an interval that holds the true value with 95 % confidence. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Units that did and did not, of two groups: the counts of a 2 x 2 table. */
export interface TwoByTwo {
  readonly successes: number;
  readonly failures: number;
  readonly otherSuccesses: number;
  readonly otherFailures: number;
}

/** How a p-value was computed. */
export type SignificanceTest = "CHI_SQUARE" | "FISHER";

/** A p-value, two-sided, and the test it is of. */
export interface Significance {
  readonly p: number;
  readonly test: SignificanceTest;
}

/** Interval of a difference of two proportions by their Wilson intervals (Newcombe 1998, method 10); null when either is of none. */
export const differenceInterval = (table: TwoByTwo): Interval | null => {
  const { successes, failures, otherSuccesses, otherFailures } = table;
  const [one, other] = [
    wilsonInterval(successes, successes + failures, CONFIDENCE_OF_INTERVALS),
    wilsonInterval(otherSuccesses, otherSuccesses + otherFailures, CONFIDENCE_OF_INTERVALS),
  ];
  if (one === null || other === null) return null;
  const [share, otherShare] = [successes / (successes + failures), otherSuccesses / (otherSuccesses + otherFailures)];
  const difference = share - otherShare;
  return {
    low: difference - Math.hypot(share - one.low, other.high - otherShare),
    high: difference + Math.hypot(one.high - share, otherShare - other.low),
  };
};

/** Chance of a chi-square value at least as great (Pearson), with so many degrees of freedom. */
export const chiSquareTail = (value: number, freedom: number): number =>
  value <= 0 ? 1 : gammainc(value / 2, freedom / 2, true, true);

const logChoose = (n: number, k: number): number => gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);

/** Fisher's exact test, two-sided: the chance of tables with the same margins that are no more likely than this one. */
const fisher = ({ successes, failures, otherSuccesses, otherFailures }: TwoByTwo): number => {
  const [size, hits] = [successes + failures, successes + otherSuccesses];
  const total = size + otherSuccesses + otherFailures;
  const chance = (k: number): number =>
    Math.exp(logChoose(hits, k) + logChoose(total - hits, size - k) - logChoose(total, size));
  const own = chance(successes) * ROUNDING;
  let p = 0;
  for (let k = Math.max(0, size + hits - total); k <= Math.min(size, hits); k += 1) {
    const one = chance(k);
    if (one <= own) p += one;
  }
  return Math.min(1, p);
};

/** Whether two groups differ: the two-proportion test (Pearson's chi-square, one degree of freedom), Fisher's where counts are small; null without two groups or two outcomes. */
export const compareTwo = (table: TwoByTwo): Significance | null => {
  const { successes: a, failures: b, otherSuccesses: c, otherFailures: d } = table;
  const total = a + b + c + d;
  const margins = [a + b, c + d, a + c, b + d] as const;
  if (margins.some((margin) => margin === 0)) return null;
  const least = (Math.min(margins[0], margins[1]) * Math.min(margins[2], margins[3])) / total;
  if (least < LEAST_EXPECTED) return { p: fisher(table), test: "FISHER" };
  const cross = a * d - b * c;
  const chiSquare = (cross / margins[0] / margins[2]) * (cross / margins[1] / margins[3]) * total;
  return { p: erfc(Math.sqrt(chiSquare / 2)), test: "CHI_SQUARE" };
};

/** Whether several groups differ at all: Pearson's chi-square over groups by outcome; null without two groups or two outcomes. */
export const compareAll = (
  groups: readonly { readonly successes: number; readonly total: number }[],
): { readonly chiSquare: number; readonly freedom: number; readonly p: number } | null => {
  const held = groups.filter(({ total }) => total > 0);
  const total = held.reduce((sum, group) => sum + group.total, 0);
  const share = held.reduce((sum, group) => sum + group.successes, 0) / total;
  if (held.length < 2 || share === 0 || share === 1) return null;
  const chiSquare = held.reduce(
    (sum, group) => sum + (group.successes - group.total * share) ** 2 / (group.total * share * (1 - share)),
    0,
  );
  return { chiSquare, freedom: held.length - 1, p: chiSquareTail(chiSquare, held.length - 1) };
};

/** Odds ratio with its interval (Woolf 1955); where a count is 0, a half is added to each (Haldane, Anscombe). */
export const oddsRatio = ({
  successes,
  failures,
  otherSuccesses,
  otherFailures,
}: TwoByTwo): { readonly ratio: number; readonly interval: Interval } => {
  const counts = [successes, failures, otherSuccesses, otherFailures];
  const [a = 0, b = 0, c = 0, d = 0] = counts.includes(0) ? counts.map((count) => count + 0.5) : counts;
  const ratio = (a * d) / (b * c);
  const reach = Z95 * Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  return { ratio, interval: { low: ratio * Math.exp(-reach), high: ratio * Math.exp(reach) } };
};

/** Quantile of sorted numbers with linear interpolation (R's type 7); null of none. */
export const quantileOf = (sorted: ArrayLike<number>, level: number): number | null => {
  if (sorted.length === 0) return null;
  const at = (sorted.length - 1) * level;
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
};
