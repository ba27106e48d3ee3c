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

/** The squared distance of the latest values to those that many before, or one that is not less than the limit; NaN across a gap. */
const squaresTo = ({ ring }: History, latest: number, ago: number, length: number, limit: number): number => {
  let sum = 0;
  for (let place = latest; place > latest - length && sum < limit; place -= 1) {
    const difference = (ring[place] ?? 0) - (ring[place - ago] ?? 0);
    sum += difference * difference;
  }
  return sum;
};

/**
 * The nearest of the earlier shapes that share no value with the latest, nearest first, of equals the later; none across a gap. A comparison is abandoned as soon as it is
 * further than what was found (Rakthanmanon et al., "Searching and Mining Trillions of Time Series Subsequences", KDD 2012).
 */
export const nearestShapes = (
  history: History,
  { length, stride }: ShapeSettings,
  count: number,
): readonly Neighbour[] => {
  const latest = history.latest();
  const last = Math.min(REMEMBERED, history.seen() - length);
  const found: { ago: number; squares: number }[] = [];
  let limit = Number.POSITIVE_INFINITY;
  for (let ago = length; ago <= last; ago += stride) {
    const squares = squaresTo(history, latest, ago, length, limit);
    if (!(squares < limit)) continue;
    if (found.length === count) found.pop();
    const place = found.findLastIndex((other) => other.squares <= squares) + 1;
    found.splice(place, 0, { ago, squares });
    if (found.length === count) limit = found.at(-1)?.squares ?? limit;
  }
  return found.map(({ ago, squares }) => ({ ago, distance: Math.sqrt(squares) }));
};
