import { expectedOf, numberOf, type Breakdown, type Quantity, type SliceMeasure } from "./slice-measure.ts";

/** What of a ratio's change is owed to other ratios within slices, and what to other sizes of them; in the ratio's own unit. */
export interface RateEffects {
  readonly rate: number;
  readonly mix: number;
}

/** A ratio's change by the values of a dimension. */
export interface RateDecomposition extends RateEffects {
  readonly dimension: string;
}

const less = (whole: Quantity, part: Quantity): Quantity => ({
  value: whole.value - part.value,
  base: (whole.base ?? 0) - (part.base ?? 0),
  units: whole.units - part.units,
});

const without = (whole: SliceMeasure, parts: readonly SliceMeasure[]): SliceMeasure => ({
  actual: parts.reduce((left, { actual }) => less(left, actual), whole.actual),
  before: whole.before.map((left, at) =>
    parts.reduce((rest, { before }) => {
      const part = before[at];
      return part === undefined ? rest : less(rest, part);
    }, left),
  ),
});

/** The ratio and size of a slice at both times; a ratio of nothing is taken to be what it is at the other. */
const bothTimes = (slice: SliceMeasure, whole: readonly [Quantity, Quantity]) => {
  const [was, is] = [expectedOf(slice), slice.actual];
  const [wasRate, isRate] = [numberOf(was), numberOf(is)];
  const size = ({ base }: Quantity, of: Quantity): number => (base ?? 0) / (of.base ?? 1);
  return {
    rates: [wasRate ?? isRate ?? 0, isRate ?? wasRate ?? 0],
    sizes: [size(was, whole[0]), size(is, whole[1])],
  } as const;
};

/**
 * What a slice adds to the change of a ratio, by Kitagawa's decomposition ("Components of a Difference Between Two Rates", Journal of the American Statistical Association 50, 1955), which Oaxaca and
 * Blinder made one of regressions: its own ratio's change at its mean size, and its size's change at how far its mean ratio lies from the whole's. Over slices that make up the whole both add up to
 * the whole's change. Null where nothing is a ratio, and where the whole is one of nothing.
 */
export const effectsOf = (slice: SliceMeasure, whole: SliceMeasure): RateEffects | null => {
  const both = [expectedOf(whole), whole.actual] as const;
  const [was, is] = both.map(numberOf);
  if (whole.actual.base === null || typeof was !== "number" || typeof is !== "number") return null;
  const { rates, sizes } = bothTimes(slice, both);
  return {
    rate: ((sizes[0] + sizes[1]) / 2) * (rates[1] - rates[0]),
    mix: ((rates[0] + rates[1]) / 2 - (was + is) / 2) * (sizes[1] - sizes[0]),
  };
};

/** A ratio's change by the values of each dimension, those that are not looked at as one; empty for sums. */
export const decompositionsOf = (
  breakdowns: readonly Breakdown[],
  whole: SliceMeasure,
): readonly RateDecomposition[] => {
  if (effectsOf(whole, whole) === null) return [];
  return breakdowns.map(({ dimension, elements }) => {
    const parts = [...elements, without(whole, elements)].flatMap((slice) => effectsOf(slice, whole) ?? []);
    return {
      dimension,
      rate: parts.reduce((sum, { rate }) => sum + rate, 0),
      mix: parts.reduce((sum, { mix }) => sum + mix, 0),
    };
  });
};
