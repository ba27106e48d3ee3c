import { columnsOf, type Arithmetic } from "./arithmetic.ts";
import type { Measure } from "./measures.ts";

/** What one person adds to a sum over persons, of a measure's events: their number, the sum of their numbers, how many numbers that is, 1 for the person, or the sessions. */
export interface PersonSum {
  readonly kind: "EVENTS" | "TOTAL" | "NUMBERS" | "PERSON" | "SESSIONS";
  readonly measure: Measure;
}

/** How a measure is estimated from sums over the persons of a sample. */
export type Estimator =
  | { readonly kind: "SUM"; readonly sum: number }
  | { readonly kind: "RATIO"; readonly of: number; readonly by: number }
  | { readonly kind: "FORMULA"; readonly of: Arithmetic }
  | { readonly kind: "QUANTILE"; readonly values: number; readonly level: number };

/** What has to be read of a sample to estimate measures and their errors. */
export interface Estimation {
  readonly sums: readonly PersonSum[];
  /** Measures of whose numbers quantiles are taken, each numbers once. */
  readonly values: readonly Measure[];
  /** One for each measure. */
  readonly estimators: readonly Estimator[];
  /** Places of sums whose products, person by person, the errors are made of. */
  readonly pairs: readonly (readonly [number, number])[];
}

/** What was read of a sample for one group: weighted sums over persons, and of the products of each pair as they add to a variance. */
export interface SampledSums {
  readonly sums: readonly number[];
  readonly products: readonly number[];
  /** For each quantile in order of the measures: the standard error of its rank, and of its value. */
  readonly rankErrors: readonly number[];
  readonly valueErrors: readonly number[];
}

/** Standard errors of a group's measures; null where a measure has no value. Of quantiles the error of the rank is in `ranks`. */
export interface StandardErrors {
  readonly errors: readonly (number | null)[];
  readonly ranks: readonly (number | null)[];
}

const valuesKey = ({ formula, filter }: Measure): string =>
  formula.kind === "QUANTILE" ? JSON.stringify([formula.of, filter]) : "";

/** What one measure's estimate is made of, given the places its sums and values come to stand. */
const estimatorOf = (measure: Measure, sums: PersonSum[], values: Measure[]): Estimator => {
  const place = (kind: PersonSum["kind"]): number => sums.push({ kind, measure }) - 1;
  const { formula } = measure;
  switch (formula.kind) {
    case "COUNT":
      return { kind: "SUM", sum: place("EVENTS") };
    case "SUM":
      return { kind: "SUM", sum: place("TOTAL") };
    case "UNIQUES":
      return { kind: "SUM", sum: place(formula.of.kind === "SESSIONS" ? "SESSIONS" : "PERSON") };
    case "AVG":
      return { kind: "RATIO", of: place("TOTAL"), by: place("NUMBERS") };
    case "FORMULA":
      return { kind: "FORMULA", of: formula.of };
    case "QUANTILE": {
      const known = values.findIndex((one) => valuesKey(one) === valuesKey(measure));
      return { kind: "QUANTILE", values: known >= 0 ? known : values.push(measure) - 1, level: formula.level };
    }
    default:
      throw new Error(`${measure.name} can't be estimated from a sample; the planner must not send it here.`);
  }
};

/** The sums an estimate depends on. */
const sumsOf = (estimator: Estimator, estimators: readonly Estimator[]): readonly number[] => {
  switch (estimator.kind) {
    case "SUM":
      return [estimator.sum];
    case "RATIO":
      return [estimator.of, estimator.by];
    case "QUANTILE":
      return [];
    case "FORMULA": {
      const used = columnsOf(estimator.of).flatMap((index) => {
        const other = estimators[index];
        return other === undefined ? [] : sumsOf(other, estimators);
      });
      return [...new Set(used)];
    }
  }
};

/** A pair of places as one number, whichever stands first; there are far fewer than 65,536 sums. */
const pairKey = (one: number, other: number): number => Math.min(one, other) * 65_536 + Math.max(one, other);

/** What has to be read of a sample to estimate these measures, all of which can be. */
export const estimationOf = (measures: readonly Measure[]): Estimation => {
  const [sums, values]: [PersonSum[], Measure[]] = [[], []];
  const estimators = measures.map((measure) => estimatorOf(measure, sums, values));
  const pairs = new Map<number, readonly [number, number]>();
  for (const estimator of estimators) {
    const used = sumsOf(estimator, estimators);
    for (const one of used) for (const other of used) if (one <= other) pairs.set(pairKey(one, other), [one, other]);
  }
  return { sums, values, estimators, pairs: [...pairs.values()] };
};

/** A number with how it changes as each sum does, at the sums that were read. */
interface Sloped {
  readonly value: number;
  readonly slopes: ReadonlyMap<number, number>;
}

const mixed = (left: Sloped, byLeft: number, right: Sloped, byRight: number): ReadonlyMap<number, number> => {
  const slopes = new Map<number, number>();
  for (const [{ slopes: own }, by] of [
    [left, byLeft],
    [right, byRight],
  ] as const)
    for (const [sum, slope] of own) slopes.set(sum, (slopes.get(sum) ?? 0) + slope * by);
  return slopes;
};

/** A formula's value and slopes, by the rules of differentiation. */
const combine = (operator: "+" | "-" | "*" | "/", left: Sloped, right: Sloped): Sloped | null => {
  switch (operator) {
    case "+":
      return { value: left.value + right.value, slopes: mixed(left, 1, right, 1) };
    case "-":
      return { value: left.value - right.value, slopes: mixed(left, 1, right, -1) };
    case "*":
      return { value: left.value * right.value, slopes: mixed(left, right.value, right, left.value) };
    case "/": {
      if (right.value === 0) return null;
      const value = left.value / right.value;
      return { value, slopes: mixed(left, 1 / right.value, right, -value / right.value) };
    }
  }
};

const slopedFormula = (formula: Arithmetic, columns: readonly (Sloped | null)[]): Sloped | null => {
  if (formula.kind === "NUMBER") return { value: formula.value, slopes: new Map() };
  if (formula.kind === "COLUMN") return columns[formula.index] ?? null;
  const [left, right] = [slopedFormula(formula.left, columns), slopedFormula(formula.right, columns)];
  return left === null || right === null ? null : combine(formula.operator, left, right);
};

const slopedOf = (estimator: Estimator, sums: readonly number[], before: readonly (Sloped | null)[]): Sloped | null => {
  const total = (place: number): Sloped => ({ value: sums[place] ?? 0, slopes: new Map([[place, 1]]) });
  switch (estimator.kind) {
    case "SUM":
      return total(estimator.sum);
    case "RATIO":
      return combine("/", total(estimator.of), total(estimator.by));
    case "FORMULA":
      return slopedFormula(estimator.of, before);
    case "QUANTILE":
      return null;
  }
};

/**
 * The standard errors of a group's estimates: of sums by Horvitz and Thompson (1952), of everything computed from sums by linearisation (the delta method; Särndal, Swensson and
 * Wretman, Model Assisted Survey Sampling, 1992, 5.5), so that what hangs together in a person hangs together in the error.
 */
export const standardErrorsOf = ({
  estimators,
  pairs,
}: Pick<Estimation, "estimators" | "pairs">): ((read: SampledSums) => StandardErrors) => {
  const placeOf = new Map(pairs.map(([one, other], place) => [pairKey(one, other), place]));
  const varianceOf = ({ slopes }: Sloped, products: readonly number[]): number => {
    let variance = 0;
    for (const [one, by] of slopes)
      for (const [other, and] of slopes) variance += by * and * (products[placeOf.get(pairKey(one, other)) ?? -1] ?? 0);
    return variance;
  };
  return ({ sums, products, rankErrors, valueErrors }) => {
    const sloped: (Sloped | null)[] = [];
    const errors: (number | null)[] = [];
    const ranks: (number | null)[] = [];
    let quantiles = 0;
    for (const estimator of estimators) {
      const at = slopedOf(estimator, sums, sloped);
      sloped.push(at);
      if (estimator.kind === "QUANTILE") {
        errors.push(valueErrors[quantiles] ?? null);
        ranks.push(rankErrors[quantiles] ?? null);
        quantiles += 1;
        continue;
      }
      errors.push(at === null ? null : Math.sqrt(Math.max(0, varianceOf(at, products))));
      ranks.push(null);
    }
    return { errors, ranks };
  };
};
