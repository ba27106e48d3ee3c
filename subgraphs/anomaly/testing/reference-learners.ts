// What changepoints, forests, half-spaces and trends are defined to be, each told in another way than the detectors do.
import { medianOf } from "./reference-detectors.ts";

/** The logarithm of the gamma function at 1, 1.5, 2, ... */
const logGamma = (at: number): number => {
  if (at === 1) return 0;
  return at === 1.5 ? Math.log(Math.sqrt(Math.PI) / 2) : Math.log(at - 1) + logGamma(at - 1);
};

/** Chances of run lengths after all values: for every length the marginal likelihood of the values since, from all partitions, by Adams and MacKay's recursion over whole stretches. */
export const runLengthChances = (values: readonly number[], hazard: number): readonly number[] => {
  const [kappa, alpha, beta] = [0.01, 1, 1];
  /** The chance density of a stretch as a whole: normal values, mean and variance unknown. */
  const evidence = (stretch: readonly number[]): number => {
    const count = stretch.length;
    const mean = count === 0 ? 0 : stretch.reduce((sum, one) => sum + one, 0) / count;
    const squares = stretch.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    const [kappaAfter, alphaAfter] = [kappa + count, alpha + count / 2];
    const betaAfter = beta + squares / 2 + (kappa * count * mean * mean) / (2 * kappaAfter);
    const log =
      logGamma(alphaAfter) -
      logGamma(alpha) +
      alpha * Math.log(beta) -
      alphaAfter * Math.log(betaAfter) +
      0.5 * Math.log(kappa / kappaAfter) -
      (count / 2) * Math.log(2 * Math.PI);
    return Math.exp(log);
  };
  // begun[t]: the joint density of all values before t and that a stretch begins at t.
  const begun = [1];
  for (let at = 1; at <= values.length; at += 1) {
    let sum = 0;
    for (let from = 0; from < at; from += 1)
      sum += (begun[from] ?? 0) * evidence(values.slice(from, at)) * (1 - hazard) ** (at - from - 1) * hazard;
    begun.push(sum);
  }
  const lengths = values.map((_, place) => {
    const from = values.length - 1 - place;
    return (begun[from] ?? 0) * evidence(values.slice(from)) * (1 - hazard) ** (place + 1);
  });
  const joint = [begun[values.length] ?? 0, ...lengths];
  const all = joint.reduce((sum, one) => sum + one, 0);
  return joint.map((one) => one / all);
};

/** The variance of Holt's forecast, in variances of an error, so many buckets ahead: the closed form for a trend that is not damped. */
export const holtVariance = (alpha: number, beta: number, ahead: number): number =>
  1 + (ahead - 1) * (alpha * alpha + alpha * beta * ahead + (beta * beta * ahead * (2 * ahead - 1)) / 6);

/** The median of values and their robust deviation from it; where most are the same, the mean one. */
export const levelAround = (values: readonly number[]): { readonly level: number; readonly spread: number } => {
  const level = medianOf(values);
  const distances = values.map((value) => Math.abs(value - level));
  const mean = distances.reduce((sum, one) => sum + one, 0) / distances.length;
  return { level, spread: medianOf(distances) > 0 ? medianOf(distances) / 0.6745 : mean };
};

/** Mean and standard deviation of values, of which one weighs 1 / n of the first n and 1 / `over` of later ones when it comes: from each value's weight in the end. */
export const fadingMoments = (values: readonly number[], over: number) => {
  const weights = values.map((_, place) =>
    values
      .slice(place + 1)
      .reduce(
        (left, _value, after) => left * (1 - 1 / Math.min(over, place + after + 2)),
        1 / Math.min(over, place + 1),
      ),
  );
  const mean = values.reduce((sum, value, place) => sum + (weights[place] ?? 0) * value, 0);
  const variance = values.reduce((sum, value, place) => sum + (weights[place] ?? 0) * (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(variance) };
};
