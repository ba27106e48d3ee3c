import { z } from "zod";

/** Lengths that are told apart; what has lasted longer is forgotten at its far end, so that a slow drift is no change. */
export const MAX_RUN = 100;
/** What is believed of a new stretch before its first value: a mean within ten standard deviations of the usual one, and as much spread as usual. */
const [KAPPA, ALPHA, BETA] = [0.01, 1, 1];

const stretchSchema = z.tuple([z.number(), z.number(), z.number()]);

/** Reads a distribution of run lengths: per length its chance, mean and half the sum of squares. */
export const runLengthsSchema = z
  .array(stretchSchema)
  .min(1)
  .max(MAX_RUN + 1);

/** A stretch that goes on: how likely it is, its mean, and half the sum of squares about it. */
export type Stretch = z.infer<typeof stretchSchema>;

/** Before the first value a stretch of no values has begun. */
export const NO_RUN: Stretch = [1, 0, BETA];

/** Gamma(a + 1/2) / Gamma(a) of a = 1 + n / 2, for n = 0, 1, ...: each is a / the one before. */
const gammaRatios = (): Float64Array => {
  const ratios = new Float64Array(MAX_RUN + 1);
  ratios[0] = Math.sqrt(Math.PI) / 2;
  for (let length = 1; length <= MAX_RUN; length += 1)
    ratios[length] = (ALPHA + (length - 1) / 2) / (ratios[length - 1] ?? 1);
  return ratios;
};

/** Per length what a stretch's half sum of squares is multiplied by to be 2 alpha squared scales of the next value, and its density's constant. */
const [WIDTHS, HEIGHTS] = ((): readonly [Float64Array, Float64Array] => {
  const lengths = gammaRatios();
  const widths = lengths.map((_, length) => (2 * (KAPPA + length + 1)) / (KAPPA + length));
  return [widths, lengths.map((ratio) => ratio / Math.sqrt(Math.PI))];
})();

/** The density of the next value after a stretch of so many: Student's t. */
const density = (value: number, length: number, mean: number, beta: number): number => {
  const width = beta * (WIDTHS[length] ?? 1);
  const power = ALPHA + length / 2 + 0.5;
  return ((HEIGHTS[length] ?? 0) / Math.sqrt(width)) * Math.exp(-power * Math.log1p((value - mean) ** 2 / width));
};

const grown = (value: number, length: number, [, mean, beta]: Stretch, chance: number): Stretch => {
  const kappa = KAPPA + length;
  const error = value - mean;
  return [chance, mean + error / (kappa + 1), beta + (kappa * error * error) / (2 * (kappa + 1))];
};

/** The longest two lengths become one: it goes on as the longest, with what one value more or less would weigh. */
const cut = (stretches: Stretch[]): Stretch[] => {
  const [longest, next] = [stretches[MAX_RUN + 1], stretches[MAX_RUN]];
  if (longest === undefined || next === undefined) return stretches;
  const chance = longest[0] + next[0];
  const [, mean, beta] = longest[0] >= next[0] ? longest : next;
  return [...stretches.slice(0, MAX_RUN), [chance, mean, beta * (MAX_RUN / (MAX_RUN + 1))]];
};

/**
 * How long the present stretch has lasted, by one value more: Bayesian online changepoint detection (Adams and MacKay, 2007, arXiv:0710.3742) of normal values with unknown mean and
 * variance, a change being as likely in each bucket as `hazard` says. The stretch at place r has r values.
 */
export const nextRunLengths = (stretches: readonly Stretch[], value: number, hazard: number): readonly Stretch[] => {
  const chances = new Float64Array(stretches.length);
  let all = 0;
  for (let length = 0; length < stretches.length; length += 1) {
    const [chance, mean, beta] = stretches[length] ?? NO_RUN;
    chances[length] = chance * density(value, length, mean, beta);
    all += chances[length] ?? 0;
  }
  if (!(all > 0)) return [NO_RUN];
  const next: Stretch[] = [[hazard, NO_RUN[1], NO_RUN[2]]];
  for (let length = 0; length < stretches.length; length += 1)
    next.push(grown(value, length, stretches[length] ?? NO_RUN, ((1 - hazard) * (chances[length] ?? 0)) / all));
  return cut(next);
};
