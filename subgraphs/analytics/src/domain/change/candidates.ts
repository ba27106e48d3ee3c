import { benjaminiHochberg } from "@tessera/platform/statistics/multiple-tests";
import { contributionsOf } from "./contribution.ts";
import { deviationChance } from "./deviation-test.ts";
import type { Breakdown, SliceMeasure } from "./slice-measure.ts";

/** Share of the change that a set of elements must explain, and one element of it at least: Adtributor's T_EP and T_EEP. */
export const [EXPLAINED, EXPLAINED_BY_ONE] = [0.67, 0.1];
/** Share of false ones among the elements that are named, at most. */
export const FALSE_DISCOVERIES = 0.05;
/** Sets that are named of one whole. */
export const MAX_CANDIDATES = 3;

/** One value of a dimension, with what it contributes. */
export interface JudgedElement {
  readonly value: string | null;
  readonly measure: SliceMeasure;
  /** Share of the whole's change. */
  readonly explains: number;
  readonly surprise: number;
  /** Chance of such a deviation by chance alone, corrected for all elements that were looked at. */
  readonly chance: number;
}

/** Elements of one dimension that together explain the change of the whole. */
export interface Candidate {
  readonly dimension: string;
  readonly elements: readonly JudgedElement[];
  readonly explains: number;
  readonly surprise: number;
}

const judged = (breakdowns: readonly Breakdown[], whole: SliceMeasure) => {
  const chances = benjaminiHochberg(
    breakdowns.flatMap(({ elements }) => elements.map((element) => deviationChance(element, whole))),
  );
  let at = 0;
  return breakdowns.map(({ dimension, elements }) => {
    const contributions = contributionsOf(elements, whole);
    const each = elements.map((element, index): JudgedElement => {
      const { explains = 0, surprise = 0 } = contributions[index] ?? {};
      const chance = chances[at] ?? 1;
      at += 1;
      return { value: element.value, measure: element, explains, surprise, chance };
    });
    return { dimension, each };
  });
};

const byText = (one: string | null, other: string | null): number => ((one ?? "") < (other ?? "") ? -1 : 1);
const bySurprise = (one: JudgedElement, other: JudgedElement): number =>
  other.surprise - one.surprise || byText(one.value, other.value);

/** The most surprising elements, until they explain enough; null when they never do, and when they are all there are: everything is no slice. */
const setOf = (dimension: string, each: readonly JudgedElement[]): Candidate | null => {
  const chosen: JudgedElement[] = [];
  let [explains, surprise] = [0, 0];
  for (const element of each.toSorted(bySurprise)) {
    if (element.explains < EXPLAINED_BY_ONE || element.chance > FALSE_DISCOVERIES) continue;
    chosen.push(element);
    explains += element.explains;
    surprise += element.surprise;
    if (explains > EXPLAINED)
      return chosen.length === each.length ? null : { dimension, elements: chosen, explains, surprise };
  }
  return null;
};

/**
 * Sets of elements, each of one dimension, that explain the change of a whole, the most surprising first: Adtributor's search (Bhagwan et al., NSDI 2014, figure 2), over those elements alone whose
 * deviation is not chance (Benjamini and Hochberg over all dimensions together). Empty where all slices changed alike.
 */
export const candidatesOf = (breakdowns: readonly Breakdown[], whole: SliceMeasure): readonly Candidate[] =>
  judged(breakdowns, whole)
    .flatMap(({ dimension, each }) => setOf(dimension, each) ?? [])
    .toSorted((one, other) => other.surprise - one.surprise || byText(one.dimension, other.dimension))
    .slice(0, MAX_CANDIDATES);
