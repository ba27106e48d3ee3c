import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import { candidatesOf, type Candidate } from "../../domain/change/candidates.ts";
import { effectsOf, type RateEffects } from "../../domain/change/rate-effects.ts";
import {
  expectedOf,
  numberOf,
  together,
  type Breakdown,
  type SliceMeasure,
} from "../../domain/change/slice-measure.ts";

/** Dimensions a slice is named by, at most. */
export const MAX_DEPTH = 3;
/** Wholes that are taken apart for one explanation, at most: the anomaly's own, and those of its slices that explain most of it. */
export const MAX_TAKEN_APART = 7;
/** Slices that are told. */
export const MAX_TOLD = 5;

/** A slice that explains the change, and how. */
export interface ContributingSlice {
  /** All of them hold; the first is what explains most by itself. */
  readonly conditions: readonly SliceCondition[];
  /** What was measured; null where a ratio is of nothing. */
  readonly actual: number | null;
  /** The mean of the comparable times. */
  readonly expected: number | null;
  /** Share of the anomaly's whole change. */
  readonly explains: number;
  /** Jensen-Shannon divergence of the shares of its last dimension's values, of those in the slice. */
  readonly surprise: number;
  /** Chance of such deviations by chance alone, corrected; of several values the greatest. */
  readonly chance: number;
  /** Of a ratio, what it adds to the whole's change, and whether by its own ratio or by its size; null of a sum. */
  readonly effects: RateEffects | null;
}

/** Takes the events of some conditions apart: measures them all together, and by each of the dimensions. */
export type TakeApart = (
  conditions: readonly SliceCondition[],
  dimensions: readonly string[],
) => Promise<{ readonly whole: SliceMeasure; readonly breakdowns: readonly Breakdown[] }>;

interface Node {
  readonly conditions: readonly SliceCondition[];
  readonly explains: number;
}

const keyOf = (conditions: readonly SliceCondition[]): string =>
  conditions
    .map(({ dimension, values }) => JSON.stringify([dimension, values]))
    .toSorted()
    .join();

const sliceOf = (
  node: Node,
  { dimension, elements, explains, surprise }: Candidate,
  all: SliceMeasure,
): ContributingSlice => {
  const measure = together(elements.map((element) => element.measure));
  return {
    conditions: [...node.conditions, { dimension, values: elements.map(({ value }) => value) }],
    actual: numberOf(measure.actual),
    expected: numberOf(expectedOf(measure)),
    explains: node.explains * explains,
    surprise,
    chance: Math.max(...elements.map(({ chance }) => chance)),
    effects: effectsOf(measure, all),
  };
};

/**
 * Searches dimensions for the slices that explain a change: sets of values by Adtributor, and within a single value that explains most of it the next dimension, down to three (recursive Adtributor;
 * Persson and Rudenius, Chalmers 2018). A slice is told at its narrowest; empty where everything changed alike.
 */
export const searchSlices = async (
  takeApart: TakeApart,
  dimensions: readonly string[],
): Promise<readonly ContributingSlice[]> => {
  const told: ContributingSlice[] = [];
  const seen = new Set<string>();
  const waiting: Node[] = [{ conditions: [], explains: 1 }];
  let all: SliceMeasure | null = null;
  for (let taken = 0; taken < MAX_TAKEN_APART; taken += 1) {
    const node = waiting.shift();
    if (node === undefined) break;
    const used = new Set(node.conditions.map(({ dimension }) => dimension));
    const left = dimensions.filter((dimension) => !used.has(dimension));
    const { whole, breakdowns } = await takeApart(node.conditions, left);
    all ??= whole;
    const root = all;
    const slices = candidatesOf(breakdowns, whole).map((candidate) => sliceOf(node, candidate, root));
    for (const slice of slices) {
      const key = keyOf(slice.conditions);
      if (seen.has(key)) continue;
      seen.add(key);
      const single = slice.conditions.every(({ values }) => values.length === 1);
      if (single && slice.conditions.length < MAX_DEPTH && left.length > 1) waiting.push(slice);
      told.push(slice);
    }
  }
  return narrowest(told).slice(0, MAX_TOLD);
};

const within = (inner: ContributingSlice, outer: ContributingSlice): boolean =>
  inner.conditions.length > outer.conditions.length &&
  outer.conditions.every(({ dimension, values }) =>
    inner.conditions.some((one) => one.dimension === dimension && one.values.every((value) => values.includes(value))),
  );

/** Those within which no other was found, the ones that explain most by the fewest conditions first. */
const narrowest = (slices: readonly ContributingSlice[]): readonly ContributingSlice[] =>
  slices
    .filter((slice) => !slices.some((other) => within(other, slice)))
    .toSorted((one, other) => other.surprise - one.surprise || other.explains - one.explains);
