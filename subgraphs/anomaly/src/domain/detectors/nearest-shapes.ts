import { REMEMBERED, type History } from "./history.ts";

/** What is compared: how many values make a shape, 20 at most, and at every how manieth place an earlier one ends. */
export interface ShapeSettings {
  readonly length: number;
  readonly stride: number;
}

/** An earlier shape: how many values ago it ended, and its distance to the latest one. */
export interface Neighbour {
  readonly ago: number;
  readonly distance: number;
}

/** What a shape is compared with: where the latest value lies in the ring, and how many values belong to a shape. */
interface Latest {
  readonly ring: Float64Array;
  readonly place: number;
  readonly length: number;
}

/** The squared distance of the latest values to those that many before; NaN across a gap. */
const squaresTo = ({ ring, place, length }: Latest, ago: number): number => {
  let sum = 0;
  for (let at = place; at > place - length; at -= 1) {
    const difference = (ring[at] ?? 0) - (ring[at - ago] ?? 0);
    sum += difference * difference;
  }
  return sum;
};

/** The first shape from a time ago on, as far as the last, that is nearer than the limit; null when none is. Its two latest values are looked at first: they rule most out. */
const nextNearer = (
  { ring, place, length }: Latest,
  from: number,
  { last, stride, limit }: { readonly last: number; readonly stride: number; readonly limit: number },
): { readonly ago: number; readonly squares: number } | null => {
  const [end, newest, second] = [place - length, ring[place] ?? 0, length > 1 ? (ring[place - 1] ?? 0) : 0];
  for (let ago = from; ago <= last; ago += stride) {
    const one = newest - (ring[place - ago] ?? 0);
    const other = length > 1 ? second - (ring[place - 1 - ago] ?? 0) : 0;
    let squares = one * one + other * other;
    for (let at = place - 2; at > end && squares < limit; at -= 1) {
      const difference = (ring[at] ?? 0) - (ring[at - ago] ?? 0);
      squares += difference * difference;
    }
    if (squares < limit) return { ago, squares };
  }
  return null;
};

/** Beyond what was near a value ago, by more than arithmetic rounds. */
const ROUNDING = 1e-9;

/** Looks for the nearest shapes of a history, value after value. */
export type NearestShapes = (count: number) => readonly Neighbour[];

/**
 * The nearest of the earlier shapes that share no value with the latest, nearest first, of equals the later; none across a gap. A comparison is abandoned as soon as it is
 * further than what was found (Rakthanmanon et al., "Searching and Mining Trillions of Time Series Subsequences", KDD 2012); where the nearest were a value ago, near ones are
 * found first, which changes what it costs and not what is found.
 */
export const createNearestShapes = (history: History, { length, stride }: ShapeSettings): NearestShapes => {
  let before: readonly number[] = [];
  const limitBy = (count: number, latest: Latest): number => {
    if (before.length < count) return Number.POSITIVE_INFINITY;
    const furthest = Math.max(...before.map((ago) => squaresTo(latest, ago)));
    return Number.isNaN(furthest) ? Number.POSITIVE_INFINITY : furthest * (1 + ROUNDING) + Number.MIN_VALUE;
  };
  return (count) => {
    const latest = { ring: history.ring, place: history.latest(), length };
    const last = Math.min(REMEMBERED, history.seen() - length);
    const found: { readonly ago: number; readonly squares: number }[] = [];
    let limit = limitBy(count, latest);
    for (let from = length; ;) {
      const nearer = nextNearer(latest, from, { last, stride, limit });
      if (nearer === null) break;
      from = nearer.ago + stride;
      if (found.length === count) found.pop();
      found.splice(found.findLastIndex((other) => other.squares <= nearer.squares) + 1, 0, nearer);
      if (found.length === count) limit = Math.min(limit, found.at(-1)?.squares ?? limit);
    }
    before = found.map(({ ago }) => ago);
    return found.map(({ ago, squares }) => ({ ago, distance: Math.sqrt(squares) }));
  };
};
