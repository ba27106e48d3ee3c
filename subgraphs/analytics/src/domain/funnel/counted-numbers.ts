/** Parts that the numbers between a power of two and the next are told apart in; of numbers below it each is a part of its own. */
const PARTS = 2_048;
/** How far a number told by its part may be off, as a part of itself. */
export const PART_ERROR = 1 / (2 * PARTS);
/** Powers of two above {@link PARTS} up to the longest times there are, in milliseconds: 2,178 years. */
const POWERS = 35;

/** Whole numbers, none of them negative, by how great they are: so much memory however many there are. */
export interface CountedNumbers {
  add(value: number, count: number): void;
  /** Calls back with a number in the middle of each part, in their order, and with how many there are of it. */
  each(take: (value: number, count: number) => void): void;
  /** The numbers at some ranks from 0, which ascend; off by at most {@link PART_ERROR} of themselves. */
  at(ranks: readonly number[]): ReadonlyMap<number, number>;
}

const placeOf = (value: number): number => {
  if (value < PARTS) return Math.floor(value);
  const power = Math.min(POWERS, Math.floor(Math.log2(value / PARTS)));
  return PARTS * (power + 1) + Math.min(PARTS - 1, Math.floor(value / 2 ** power) - PARTS);
};

const valueAt = (place: number): number => {
  if (place < PARTS) return place;
  const power = Math.floor(place / PARTS) - 1;
  return (PARTS + (place % PARTS)) * 2 ** power + (2 ** power - 1) / 2;
};

/** Makes an empty count. */
export const createCountedNumbers = (): CountedNumbers => {
  const counts = new Float64Array(PARTS * (POWERS + 2));
  const each: CountedNumbers["each"] = (take) =>
    counts.forEach((count, place) => {
      if (count > 0) take(valueAt(place), count);
    });
  return {
    add: (value, count) => {
      const place = placeOf(value);
      counts[place] = (counts[place] ?? 0) + count;
    },
    each,
    at: (ranks) => {
      const found = new Map<number, number>();
      let [seen, next] = [0, 0];
      each((value, count) => {
        seen += count;
        for (; (ranks[next] ?? Number.POSITIVE_INFINITY) < seen; next += 1) found.set(ranks[next] ?? 0, value);
      });
      return found;
    },
  };
};
