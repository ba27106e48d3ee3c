/** Values in order, one put in and one taken out at a time. */
export interface SortedWindow {
  readonly put: (value: number) => void;
  /** Takes out one that was put in. */
  readonly take: (value: number) => void;
  readonly size: () => number;
  /** The middle value, or the mean of the two middle ones; NaN of none. */
  readonly median: () => number;
  /** The median of the distances to a value; NaN of none. */
  readonly medianDistance: (from: number) => number;
  /** The mean of the distances to a value; NaN of none. */
  readonly meanDistance: (from: number) => number;
}

/** A window of so many values at most, in order. */
export const createSortedWindow = (capacity: number): SortedWindow => {
  const sorted = new Float64Array(capacity);
  let size = 0;
  const at = (place: number): number => sorted[place] ?? Number.NaN;
  /** The first place whose value is not less. */
  const placeOf = (value: number): number => {
    let [from, to] = [0, size];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (at(middle) < value) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  const upper = (): number => size >> 1;
  const lower = (): number => (size - 1) >> 1;
  /** Distances come in order when values are passed outwards from where `from` would lie. */
  const medianDistance = (from: number): number => {
    if (size === 0) return Number.NaN;
    let right = placeOf(from);
    let left = right - 1;
    let [before, last] = [0, 0];
    for (let passed = 0; passed <= upper(); passed += 1) {
      before = last;
      const down = left >= 0 ? from - at(left) : Number.POSITIVE_INFINITY;
      const up = right < size ? at(right) - from : Number.POSITIVE_INFINITY;
      last = Math.min(down, up);
      if (down <= up) left -= 1;
      else right += 1;
    }
    return upper() === lower() ? last : (before + last) / 2;
  };
  return {
    put: (value) => {
      const place = placeOf(value);
      sorted.copyWithin(place + 1, place, size);
      sorted[place] = value;
      size += 1;
    },
    take: (value) => {
      const place = placeOf(value);
      sorted.copyWithin(place, place + 1, size);
      size -= 1;
    },
    size: () => size,
    median: () => (size === 0 ? Number.NaN : (at(lower()) + at(upper())) / 2),
    medianDistance,
    meanDistance: (from) => {
      let sum = 0;
      for (let place = 0; place < size; place += 1) sum += Math.abs(at(place) - from);
      return sum / size;
    },
  };
};
