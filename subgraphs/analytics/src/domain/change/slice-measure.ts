/** What a slice of events measures: a sum, or of a ratio both parts. */
export interface Quantity {
  /** The sum, or the ratio's numerator. */
  readonly value: number;
  /** The ratio's denominator; null where the measure is a sum. */
  readonly base: number | null;
  /** Events, persons or other things it was measured from: as many as chance had to do with. */
  readonly units: number;
  /** Among how many it was looked for, where what it counts may be none of them: failures among what was tested. Left out where it counts all there is. */
  readonly seen?: number | undefined;
}

/** A slice as it is during the anomaly, and as it was in each of several comparable times before, in one order for all slices. */
export interface SliceMeasure {
  readonly actual: Quantity;
  readonly before: readonly Quantity[];
}

/** What is known of the values of a dimension in one span. */
export interface Values<Known = Quantity> {
  /** By value; null: events that have none. What is not among them is nothing. */
  readonly values: ReadonlyMap<string | null, Known>;
  /** Whether there were more: what is not among them is not known then. */
  readonly cut: boolean;
}

/** One value of a dimension. */
export interface Element extends SliceMeasure {
  /** The value; null: events that have none. */
  readonly value: string | null;
}

/** A whole taken apart by one dimension; values beyond the greatest may be missing. */
export interface Breakdown {
  readonly dimension: string;
  readonly elements: readonly Element[];
}

/** Times of comparison without which nothing is said: a spread can't be told from fewer. */
export const MIN_COMPARISONS = 3;

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** What was to be expected: the mean over the comparable times, of both parts. */
export const expectedOf = ({ actual, before }: SliceMeasure): Quantity => ({
  value: mean(before.map(({ value }) => value)),
  base: actual.base === null ? null : mean(before.map(({ base }) => base ?? 0)),
  units: mean(before.map(({ units }) => units)),
  ...(actual.seen === undefined ? {} : { seen: mean(before.map(({ seen }) => seen ?? 0)) }),
});

/** The measure's number: the sum, or the ratio; null where a ratio is of nothing. */
export const numberOf = ({ value, base }: Quantity): number | null =>
  base === null ? value : base === 0 ? null : value / base;

const sumOf = (parts: readonly Quantity[]): Quantity => ({
  value: parts.reduce((sum, { value }) => sum + value, 0),
  base: parts.some(({ base }) => base !== null) ? parts.reduce((sum, { base }) => sum + (base ?? 0), 0) : null,
  units: parts.reduce((sum, { units }) => sum + units, 0),
  ...(parts.some(({ seen }) => seen !== undefined)
    ? { seen: parts.reduce((sum, { seen }) => sum + (seen ?? 0), 0) }
    : {}),
});

/** Slices that share nothing, as one. */
export const together = (slices: readonly SliceMeasure[]): SliceMeasure => ({
  actual: sumOf(slices.map(({ actual }) => actual)),
  before: (slices[0]?.before ?? []).map((_quantity, at) => sumOf(slices.flatMap(({ before }) => before[at] ?? []))),
});
