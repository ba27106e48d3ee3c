import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { shrunkCorrelation } from "./covariance.ts";
import type { MultivariateDefinition } from "./detector-definition.ts";
import type { Finding } from "./detector.ts";
import { boundedScore, sideOf, told } from "./finding.ts";
import { partsOf, standardised, type Member, type Moments } from "./moments.ts";
import { chiSquareAbove, normalQuantile } from "./quantiles.ts";

/** Below it the power of Jackson and Mudholkar's approximation is too small to be taken. */
const LEAST_POWER = 1e-3;

/**
 * The value that Q, the squared length of what principal components leave of a bucket, lies above with a chance, by the variances that they leave: Jackson and Mudholkar, "Control Procedures for Residuals
 * Associated With Principal Component Analysis", Technometrics 21 (1979). Where their power is not positive, a multiple of a chi-square variable with the same mean and variance (Box, Annals of Mathematical
 * Statistics 25 (1954)).
 */
export const residualLimit = (left: readonly number[], chance: number): number => {
  const [first, second, third] = [1, 2, 3].map((power) => left.reduce((sum, one) => sum + one ** power, 0));
  const [a, b, c] = [first ?? 0, second ?? 0, third ?? 0];
  const power = 1 - (2 * a * c) / (3 * b * b);
  const root = 1 + (normalQuantile(1 - chance) * power * Math.sqrt(2 * b)) / a + (b * power * (power - 1)) / (a * a);
  if (power > LEAST_POWER && root > 0) return a * root ** (1 / power);
  return (b / a) * chiSquareAbove(chance, (a * a) / b);
};

/** Places of the principal components that are kept: as few of the largest as tell so much of the variance, and never all. */
const keptOf = (values: readonly number[], explains: number): ReadonlySet<number> => {
  const byValue = values.map((value, place) => ({ value, place })).toSorted((one, other) => other.value - one.value);
  const whole = values.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  const kept = new Set<number>();
  for (const { value, place } of byValue.slice(0, -1)) {
    if (sum >= explains * whole) break;
    sum += value;
    kept.add(place);
  }
  return kept;
};

/**
 * Each series of a bucket by what the principal components leave of it: it is as much of Q as its own part is, and the one whose part is greatest is all of Q. What is expected is what the components that are
 * kept say of the bucket.
 */
export const residualsOf = (
  members: readonly Member[],
  moments: Moments,
  { explains, rarity }: Pick<MultivariateDefinition, "explains" | "rarity">,
): ReadonlyMap<string, Finding> => {
  const size = members.length;
  const { spreads, correlation, standard } = standardised(members, moments);
  const shrunk = Matrix.from1DArray(size, size, shrunkCorrelation(correlation, size, moments.weight(members)));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(shrunk, { assumeSymmetric: true });
  // Shrunk as they are, they are positive but for roundings.
  const values = realEigenvalues.map((value) => Math.max(value, Number.EPSILON));
  const kept = keptOf(values, explains);
  const left = values.filter((_, place) => !kept.has(place));
  const vectors = values.flatMap((_, place) => (kept.has(place) ? [] : [eigenvectorMatrix.getColumn(place)]));
  /** What of a series' distance from its mean is left in another. */
  const through = new Float64Array(size * size);
  for (const vector of vectors)
    for (const [row, one] of vector.entries())
      for (const [column, other] of vector.entries())
        through[row * size + column] = (through[row * size + column] ?? 0) + one * other;
  const partOf = (at: number, from: number): number => (through[at * size + from] ?? 0) * (standard[from] ?? 0);
  const residuals = members.map((_, at) => members.reduce((sum, _one, from) => sum + partOf(at, from), 0));
  const whole = residuals.reduce((sum, one) => sum + one * one, 0);
  const limit = residualLimit(left, 10 ** -rarity);
  const most = residuals.reduce((best, one, at) => (Math.abs(one) > Math.abs(residuals[best] ?? 0) ? at : best), 0);
  return new Map(
    members.map(({ name, value }, at): [string, Finding] => {
      const [own, spread] = [residuals[at] ?? 0, spreads[at] ?? 1];
      const others = at === most ? whole - own * own : 0;
      const score = boundedScore(Math.sqrt((own * own + others) / limit));
      const expected = value - own * spread;
      const within = Math.sqrt(Math.max(0, limit - others)) * spread;
      return [
        name,
        {
          outcome: score > 1 ? "ANOMALOUS" : "NORMAL",
          score,
          ...{ expected, low: expected - within, high: expected + within, side: sideOf(value, expected) },
          weighed: partsOf(members, at, (from) => partOf(at, from)),
          because: `${told(value)} where ${kept.size} principal components of ${members.length} series let expect ${told(expected)}, ${told((100 * own * own) / Math.max(whole, Number.MIN_VALUE))} % of what they leave of the bucket`,
        },
      ];
    }),
  );
};
