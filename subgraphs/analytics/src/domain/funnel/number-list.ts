import { quantileOf } from "../statistics.ts";
import { createCountedNumbers, type CountedNumbers } from "./counted-numbers.ts";
import { TIME_EDGES_MS } from "./histogram.ts";

/** Numbers of one list that are kept one by one: 32 MB of them. More are counted by how great they are, so that a list takes no more memory than that. */
export const EXACT_NUMBERS = 4_194_304;

/** What is told of a list of times. */
export interface NumbersTold {
  /** Quantiles with linear interpolation (R's type 7); null of no numbers. */
  readonly quantiles: readonly (number | null)[];
  /** Exact, as the bins are. */
  readonly sum: number;
  /** How many lie in each bin of times, by its lower edge. */
  readonly bins: ReadonlyMap<number, number>;
}

/** Whole numbers, none of them negative: {@link EXACT_NUMBERS} of them 8 bytes each, more of them by how great they are. */
export interface NumberList {
  add(value: number): void;
  /** Adds what another list holds. */
  addAll(other: NumberList): void;
  /** Quantiles are exact where all numbers are kept, else off by at most 1 / 4,096 of themselves. */
  told(levels: readonly number[]): NumbersTold;
  /** The numbers that are kept one by one, from small to great; none where they are not. */
  sorted(): Float64Array;
  readonly length: number;
  /** What is counted where the numbers are not kept one by one. */
  readonly counted: CountedList | null;
}

/** Numbers by how great they are, with what is told of them exactly. */
interface CountedList {
  readonly numbers: CountedNumbers;
  readonly bins: Map<number, number>;
  sum: number;
}

const edgeOf = (value: number): number => {
  let [low, high] = [0, TIME_EDGES_MS.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((TIME_EDGES_MS[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return TIME_EDGES_MS[low] ?? 0;
};

const addTo = (bins: Map<number, number>, edge: number, count: number): void =>
  void bins.set(edge, (bins.get(edge) ?? 0) + count);

const countInto = (list: CountedList, values: Float64Array): void => {
  for (const value of values) {
    list.numbers.add(value, 1);
    addTo(list.bins, edgeOf(value), 1);
    list.sum += value;
  }
};

const join = (list: CountedList, other: CountedList): void => {
  other.numbers.each(list.numbers.add);
  other.bins.forEach((count, edge) => addTo(list.bins, edge, count));
  list.sum += other.sum;
};

const toldOfAll = (sorted: Float64Array, levels: readonly number[]): NumbersTold => {
  const bins = new Map<number, number>();
  for (const value of sorted) addTo(bins, edgeOf(value), 1);
  return {
    quantiles: levels.map((level) => quantileOf(sorted, level)),
    sum: sorted.reduce((total, value) => total + value, 0),
    bins,
  };
};

const toldOfCounted = (list: CountedList, length: number, levels: readonly number[]): NumbersTold => {
  const places = levels.map((level) => (length - 1) * level);
  const ranks = new Set(places.flatMap((place) => [Math.floor(place), Math.ceil(place)]));
  const known = list.numbers.at([...ranks].toSorted((one, other) => one - other));
  const quantiles = places.map((place) => {
    const [low, high] = [known.get(Math.floor(place)) ?? 0, known.get(Math.ceil(place)) ?? 0];
    return low + (high - low) * (place - Math.floor(place));
  });
  return { quantiles, sum: list.sum, bins: list.bins };
};

/** Makes an empty list that keeps at most so many numbers one by one. */
export const createNumberList = (most = EXACT_NUMBERS): NumberList => {
  let values = new Float64Array(4);
  let length = 0;
  let counted: CountedList | null = null;
  const kept = (): Float64Array => (counted === null ? values.slice(0, length) : new Float64Array());
  const count = (): CountedList => {
    if (counted !== null) return counted;
    const made: CountedList = { numbers: createCountedNumbers(), bins: new Map(), sum: 0 };
    countInto(made, kept());
    values = new Float64Array();
    counted = made;
    return made;
  };
  const add = (value: number): void => {
    if (counted !== null || length === most) countInto(count(), Float64Array.of(value));
    else {
      if (length === values.length) {
        const longer = new Float64Array(length * 2);
        longer.set(values);
        values = longer;
      }
      values[length] = value;
    }
    length += 1;
  };
  return {
    add,
    addAll: (other) => {
      if (other.counted === null) return other.sorted().forEach(add);
      join(count(), other.counted);
      length += other.length;
    },
    told: (levels) =>
      counted === null ? toldOfAll(kept().toSorted(), levels) : toldOfCounted(counted, length, levels),
    sorted: () => kept().toSorted(),
    get length() {
      return length;
    },
    get counted() {
      return counted;
    },
  };
};
