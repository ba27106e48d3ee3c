/** An interval around a rate; both ends are within 0 and 1. */
export interface RateInterval {
  readonly low: number;
  readonly high: number;
}

const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
/** Below this probability, and above its complement, the tails' own approximation is used. */
const TAIL = 0.02425;

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

const lowerTail = (probability: number): number => {
  const q = Math.sqrt(-2 * Math.log(probability));
  return polynomial(C, q) / polynomial(D, q);
};

/** Quantile of the standard normal distribution for a probability within (0, 1): P. J. Acklam's rational approximation, relative error below 1.15e-9. */
export const normalQuantile = (probability: number): number => {
  if (probability < TAIL) return lowerTail(probability);
  if (probability > 1 - TAIL) return -lowerTail(1 - probability);
  const q = probability - 0.5;
  const r = q * q;
  return (polynomial(A, r) * q) / polynomial(B, r);
};

/** Wilson score interval of `successes` of `trials` at a confidence within (0, 1); null without trials (E. B. Wilson, JASA 22, 1927). */
export const wilsonInterval = (successes: number, trials: number, confidence: number): RateInterval | null => {
  if (trials === 0) return null;
  const z = normalQuantile(0.5 + confidence / 2);
  const rate = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (rate + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
};
