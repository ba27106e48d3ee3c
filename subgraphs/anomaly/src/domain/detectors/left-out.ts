/** The middle of all values but one, how far the others lie from it, and which of them make that so. */
export interface LeftOut {
  readonly centre: number;
  /** The median of the distances to it, or where that is 0 their mean; the former as if of a normal distribution. */
  readonly spread: number;
  /** Places, in order of values, of those that would change it if they were another: those in the middle of the values and of the distances; null where all weigh alike. */
  readonly makers: readonly number[] | null;
}

/** The median of absolute deviations of a normal distribution, in standard deviations. */
const MAD_OF_NORMAL = 0.6745;

/** The others of one of sorted values, by its place: none is moved, and the one is passed over. */
export const leaveOut = (sorted: Float64Array, out: number): LeftOut => {
  const size = sorted.length - 1;
  const placeOf = (rank: number): number => (rank < out ? rank : rank + 1);
  const at = (rank: number): number => sorted[placeOf(rank)] ?? Number.NaN;
  const [lower, upper] = [(size - 1) >> 1, size >> 1];
  const centre = (at(lower) + at(upper)) / 2;
  // Distances come in order when values are passed outwards from the middle.
  let [left, right] = [lower, lower + 1];
  let [before, last] = [lower, lower];
  for (let passed = 0; passed <= upper; passed += 1) {
    const down = left < 0 ? Number.POSITIVE_INFINITY : centre - at(left);
    const up = right >= size ? Number.POSITIVE_INFINITY : at(right) - centre;
    [before, last] = [last, down <= up ? left : right];
    if (down <= up) left -= 1;
    else right += 1;
  }
  const distance = (rank: number): number => Math.abs(at(rank) - centre);
  const nearer = lower === upper ? last : before;
  const ofMedian = (distance(nearer) + distance(last)) / 2;
  if (ofMedian > 0)
    return { centre, spread: ofMedian / MAD_OF_NORMAL, makers: [lower, upper, nearer, last].map(placeOf) };
  let sum = 0;
  for (let rank = 0; rank < size; rank += 1) sum += distance(rank);
  return { centre, spread: sum / size, makers: null };
};
