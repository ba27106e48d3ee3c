/** How usual a value would be in place of the newest, the values before it as they are: constant between edges, the greater the more usual. */
export interface Heights {
  /** Where it changes, ascending. */
  readonly edges: Float64Array;
  /** One more than edges: that of values below the first edge, from each edge on below the next, and from the last on. */
  readonly heights: Float64Array;
}

/** What of all values would have been normal about one of them. */
export interface ConditionalBand {
  readonly expected: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Whether no value at all would have been normal: then the band is what was expected alone. */
  readonly empty: boolean;
}

/** Heights are sums of many numbers: what lies so little below a bound is at it. */
const ROUNDING = 1e-9;

/** Builds {@link Heights} over splits that are known, one after the other. */
export interface HeightsBuilder {
  /** For each split its place among all in order. */
  readonly rank: Int32Array;
  /** By how much the height rises at each place; whoever builds sets it. */
  readonly rises: Float64Array;
  /** The heights that begin with `first` and rise so, what does not rise left out. They stand until others are built. */
  readonly build: (first: number) => Heights;
}

/** A builder of heights over splits. */
export const createHeights = (splits: readonly number[]): HeightsBuilder => {
  const at = Float64Array.from(splits);
  const order = Uint32Array.from(splits, (_, place) => place).toSorted(
    (one, other) => (at[one] ?? 0) - (at[other] ?? 0),
  );
  const rank = new Int32Array(splits.length);
  order.forEach((place, ranked) => (rank[place] = ranked));
  const edges = at.toSorted();
  const rises = new Float64Array(edges.length);
  const built = { edges: new Float64Array(edges.length), heights: new Float64Array(edges.length + 1) };
  return {
    rank,
    rises,
    build: (first) => {
      let [height, count, last] = [first, 0, Number.NaN];
      built.heights[0] = height;
      for (let place = 0; place < rises.length; place += 1) {
        const rise = rises[place] ?? 0;
        if (rise === 0) continue;
        height += rise;
        const edge = edges[place] ?? 0;
        if (edge !== last) {
          built.edges[count] = edge;
          count += 1;
          last = edge;
        }
        built.heights[count] = height;
      }
      return { edges: built.edges.subarray(0, count), heights: built.heights.subarray(0, count + 1) };
    },
  };
};

/** The stretch a value lies in: the number of edges that are not greater. */
const stretchOf = (edges: Float64Array, value: number): number => {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((edges[middle] ?? 0) <= value) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** The middle of the highest of some stretches, as far as they lie in a range; the end nearest to it where none does. */
const summitOf = (
  { edges, heights }: Heights,
  [first, last]: readonly [number, number],
  [least, most]: readonly [number, number],
): number => {
  let [best, height] = [Number.NaN, Number.NEGATIVE_INFINITY];
  for (let at = first; at <= last; at += 1) {
    const from = Math.max(least, edges[at - 1] ?? least);
    const to = Math.min(most, edges[at] ?? most);
    if (from > to || (heights[at] ?? 0) <= height) continue;
    [best, height] = [from / 2 + to / 2, heights[at] ?? 0];
  }
  if (!Number.isNaN(best)) return best;
  return (edges[last] ?? most) < least ? (edges[last] ?? most) : (edges[first - 1] ?? least);
};

/** The normal stretch nearest to one that is not; null of none. */
const nearestNormal = (
  { edges, heights }: Heights,
  value: number,
  isNormal: (stretch: number) => boolean,
): number | null => {
  const at = stretchOf(edges, value);
  let [below, above] = [at - 1, at + 1];
  while (below >= 0 && !isNormal(below)) below -= 1;
  while (above < heights.length && !isNormal(above)) above += 1;
  if (below < 0) return above < heights.length ? above : null;
  if (above >= heights.length) return below;
  return value - (edges[below] ?? 0) <= (edges[above - 1] ?? 0) - value ? below : above;
};

/**
 * The band about a value whose outcome is known: of the stretches of values that are at least so usual, the one that holds it, or the one that lies nearest. What is expected is the middle of what is most
 * usual in it, in the range of the values that were learnt.
 */
export const bandAbout = (
  all: Heights,
  value: number,
  by: { readonly atLeast: number; readonly normal: boolean; readonly range: readonly [number, number] },
): ConditionalBand => {
  const { edges, heights } = all;
  const at = stretchOf(edges, value);
  const least = by.atLeast - ROUNDING * Math.abs(by.atLeast);
  const isNormal = (stretch: number): boolean => (stretch === at ? by.normal : (heights[stretch] ?? 0) >= least);
  const from = by.normal ? at : nearestNormal(all, value, isNormal);
  if (from === null) {
    const expected = summitOf(all, [0, edges.length], by.range);
    return { expected, low: expected, high: expected, empty: true };
  }
  let [first, last] = [from, from];
  while (first > 0 && isNormal(first - 1)) first -= 1;
  while (last < edges.length && isNormal(last + 1)) last += 1;
  return {
    expected: summitOf(all, [first, last], by.range),
    low: first === 0 ? null : (edges[first - 1] ?? null),
    high: last === edges.length ? null : (edges[last] ?? null),
    empty: false,
  };
};
