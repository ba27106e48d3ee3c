import { benjaminiHochberg } from "@tessera/platform/statistics/multiple-tests";
import { rateChance } from "./deviation-test.ts";
import { expectedOf, numberOf, type Quantity, type SliceMeasure } from "./slice-measure.ts";

/** A step on the way to a number: how many reached it, and which share of those who reached the one before. */
export interface ChangeStep {
  /** Its number in the funnel, from 1. */
  readonly number: number;
  readonly label: string;
  readonly reached: number;
  readonly expectedReached: number;
  /** Null for the first step, and where nobody reached the one before. */
  readonly share: number | null;
  readonly expectedShare: number | null;
  /** What of the number's change is owed to this step, in its own unit; null where it has no part in it: the first step of a share. */
  readonly effect: number | null;
  /** Chance that the share lies so far from its usual one by chance alone, corrected for all steps; null for the first. */
  readonly chance: number | null;
}

/** Steps that lead to a number. */
export interface StepsOnTheWay {
  readonly steps: readonly { readonly number: number; readonly label: string }[];
  /** Whether the number is how many, and not which share. */
  readonly isCount: boolean;
}

/** How often each number of changed others comes first in a random order: the weight of so many in Shapley's value. */
const weightsOf = (others: number): readonly number[] => {
  const weights = [1 / (others + 1)];
  for (let size = 1; size <= others; size += 1) weights.push(((weights[size - 1] ?? 0) * size) / (others - size + 1));
  return weights;
};

/** The coefficients of a polynomial times (constant + slope x). */
const timesLinear = (coefficients: readonly number[], constant: number, slope: number): readonly number[] =>
  [...coefficients, 0].map((own, power) => own * constant + (coefficients[power - 1] ?? 0) * slope);

/**
 * What each factor adds to the change of a product: Shapley's value, the mean over all orders in which factors may change one after the other (Shorrocks, "Decomposition procedures for distributional
 * analysis", Journal of Economic Inequality 11, 2013). They add up to the change, and hold where a factor is 0. Taken from the coefficients of the product of (was + is x) over the other factors, so
 * that 30 factors take no longer than their cube.
 */
export const productEffects = (was: readonly number[], is: readonly number[]): readonly number[] => {
  const weights = weightsOf(was.length - 1);
  return was.map((own, place) => {
    let coefficients: readonly number[] = [1];
    was.forEach((other, at) => {
      if (at !== place) coefficients = timesLinear(coefficients, other, is[at] ?? 0);
    });
    const mean = coefficients.reduce((sum, coefficient, size) => sum + coefficient * (weights[size] ?? 0), 0);
    return ((is[place] ?? 0) - own) * mean;
  });
};

const shareOf = (reached: readonly number[], place: number): Quantity => {
  const base = reached[place - 1] ?? 0;
  return { value: reached[place] ?? 0, base, units: base };
};

/**
 * Which steps lost or won, of how many units reached each in the span and in those before: a funnel's number is a product of shares, a count of how many entered as well.
 */
export const stepsOfChange = (
  { steps, isCount }: StepsOnTheWay,
  actual: readonly number[],
  before: readonly (readonly number[])[],
): readonly ChangeStep[] => {
  const counts = steps.map((_step, place): SliceMeasure => {
    const count = (reached: readonly number[]): Quantity => ({ value: reached[place] ?? 0, base: null, units: 0 });
    return { actual: count(actual), before: before.map(count) };
  });
  const shares = steps.slice(1).map((_step, index): SliceMeasure => ({
    actual: shareOf(actual, index + 1),
    before: before.map((reached) => shareOf(reached, index + 1)),
  }));
  const [is, was] = [shares.map((share) => numberOf(share.actual)), shares.map((share) => numberOf(expectedOf(share)))];
  // A share of nobody is taken to be what it is at the other time: it changed nothing.
  const [first] = counts;
  const entered = first === undefined || !isCount ? [] : [[expectedOf(first).value, first.actual.value] as const];
  const factors = [...entered, ...is.map((now, at) => [was[at] ?? now ?? 1, now ?? was[at] ?? 1] as const)];
  const effects = productEffects(
    factors.map(([then]) => then),
    factors.map(([, now]) => now),
  );
  const chances = benjaminiHochberg(shares.map(rateChance));
  return steps.map(({ number, label }, place) => ({
    ...{ number, label, reached: counts[place]?.actual.value ?? 0 },
    expectedReached: counts[place] === undefined ? 0 : expectedOf(counts[place]).value,
    share: is[place - 1] ?? null,
    expectedShare: was[place - 1] ?? null,
    effect: effects[isCount ? place : place - 1] ?? null,
    chance: chances[place - 1] ?? null,
  }));
};
