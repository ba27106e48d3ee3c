import { expectedOf, type Quantity, type SliceMeasure } from "./slice-measure.ts";

/** A part of the change of a whole, for one slice of it. */
export interface Contribution {
  /** Share of the whole's change that is this slice's: 1 is all of it; negative where the slice changed the other way. */
  readonly explains: number;
  /** How much the slice's share of the whole has changed: its part of the Jensen-Shannon divergence of shares, 0 to ln(2)/2 for a part. */
  readonly surprise: number;
}

const share = (part: number, whole: number): number => (whole > 0 ? Math.max(0, part) / whole : 0);
const half = (one: number, other: number): number => (one === 0 ? 0 : one * Math.log((2 * one) / (one + other)));

/** One element's part of the Jensen-Shannon divergence of two distributions, in nats. */
export const divergence = (p: number, q: number): number => Math.max(0, (half(p, q) + half(q, p)) / 2);

/** Change of a ratio when one slice alone changes: the finite difference of a quotient (Bhagwan et al., section 4). */
const quotientChange = (was: Quantity, is: Quantity, whole: Quantity): number => {
  const [f, g] = [whole.value, whole.base ?? 0];
  const [df, dg] = [is.value - was.value, (is.base ?? 0) - (was.base ?? 0)];
  return g === 0 || g + dg === 0 ? 0 : (df * g - dg * f) / (g * (g + dg));
};

const rawChange = (slice: SliceMeasure, whole: SliceMeasure): number => {
  const was = expectedOf(slice);
  return slice.actual.base === null
    ? slice.actual.value - was.value
    : quotientChange(was, slice.actual, expectedOf(whole));
};

/** What of the whole no slice holds: events whose values are not among those shown. */
const restOf = (slices: readonly SliceMeasure[], whole: SliceMeasure): SliceMeasure => {
  const left = (total: Quantity, parts: readonly (Quantity | undefined)[]): Quantity => ({
    value: parts.reduce((sum, part) => sum - (part?.value ?? 0), total.value),
    base: total.base === null ? null : parts.reduce((sum, part) => sum - (part?.base ?? 0), total.base),
    units: parts.reduce((sum, part) => sum - (part?.units ?? 0), total.units),
  });
  return {
    actual: left(
      whole.actual,
      slices.map(({ actual }) => actual),
    ),
    before: whole.before.map((total, at) =>
      left(
        total,
        slices.map(({ before }) => before[at]),
      ),
    ),
  };
};

const surpriseOf = (slice: SliceMeasure, whole: SliceMeasure): number => {
  const [was, all] = [expectedOf(slice), expectedOf(whole)];
  const ofValues = divergence(share(was.value, all.value), share(slice.actual.value, whole.actual.value));
  if (was.base === null || all.base === null) return ofValues;
  const { actual } = slice;
  return ofValues + divergence(share(was.base, all.base), share(actual.base ?? 0, whole.actual.base ?? 0));
};

/**
 * What each slice of one dimension contributes to the change of the whole: explanatory power and surprise as of Adtributor (Bhagwan et al., "Adtributor: Revenue Debugging in Advertising
 * Systems", NSDI 2014). Of a ratio explanatory powers are normalised over all slices, that of what is not shown included; all are 0 where nothing changed.
 */
export const contributionsOf = (slices: readonly SliceMeasure[], whole: SliceMeasure): readonly Contribution[] => {
  const changes = slices.map((slice) => rawChange(slice, whole));
  const total =
    whole.actual.base === null
      ? rawChange(whole, whole)
      : changes.reduce((sum, change) => sum + change, rawChange(restOf(slices, whole), whole));
  return slices.map((slice, at) => ({
    explains: total === 0 ? 0 : (changes[at] ?? 0) / total,
    surprise: surpriseOf(slice, whole),
  }));
};
