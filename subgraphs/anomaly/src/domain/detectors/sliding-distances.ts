/** Places of a series that are remembered: a week of five minutes each. */
export const REMEMBERED = 2_016;
/** Sums that are made anew with each value, so that none carries the roundings of more than some 250 values. */
const RENEWED = 8;

/** What is compared: how many values make a shape, and at every how manieth place an earlier one ends. */
export interface ShapeSettings {
  readonly length: number;
  readonly stride: number;
}

/** Values of a series, oldest first, the latest of all that were seen; NaN is a gap. */
export interface LatestValues {
  readonly seen: number;
  readonly values: readonly number[];
}

/** An earlier shape: how many values ago it ended, and its distance to the latest one. */
export interface Neighbour {
  readonly ago: number;
  readonly distance: number;
}

/** Distances of a series' latest values, as a vector, to the vectors it ended with before. */
export interface SlidingDistances {
  /** Takes the next value; NaN is a gap. */
  readonly put: (value: number) => void;
  /** The nearest of the earlier shapes that share no value with the latest, nearest first; none across a gap. */
  readonly nearest: (count: number) => readonly Neighbour[];
  readonly save: () => LatestValues;
}

/** Adds to each of the first sums the term that the latest value brings, and takes away the one that has left. */
const slideSums = (
  sums: Float64Array,
  ring: Float64Array,
  { latest, length, stride, count }: ShapeSettings & { readonly latest: number; readonly count: number },
): void => {
  const [comes, goes] = [ring[latest] ?? 0, ring[latest - length] ?? 0];
  for (let shape = 0, other = latest - length; shape < count; shape += 1, other -= stride) {
    const [came, went] = [comes - (ring[other] ?? 0), goes - (ring[other - length] ?? 0)];
    sums[shape] = (sums[shape] ?? 0) + came * came - went * went;
  }
};

/** The places of the least of the first sums, least first; none that is NaN. */
const leastOf = (sums: Float64Array, among: number, count: number): readonly number[] => {
  const places: number[] = [];
  let limit = Number.POSITIVE_INFINITY;
  for (let place = 0; place < among; place += 1) {
    if (!((sums[place] ?? 0) < limit)) continue;
    places.push(place);
    places.sort((one, other) => (sums[one] ?? 0) - (sums[other] ?? 0));
    if (places.length > count) places.pop();
    if (places.length === count) limit = sums[places[count - 1] ?? 0] ?? limit;
  }
  return places;
};

/**
 * Squared distances are sums that slide: a value adds a term and takes one away, so that it costs one step per earlier shape, however long shapes are. Sums are made anew in
 * turn, which bounds what rounding leaves in them, and all of them while a gap is remembered.
 */
export const createSlidingDistances = ({ length, stride }: ShapeSettings, saved: LatestValues): SlidingDistances => {
  // The ring lies twice in a row, so that every window of it is contiguous.
  const size = REMEMBERED + 2 * length;
  const ring = new Float64Array(2 * size);
  const shapes = Math.floor((REMEMBERED - length) / stride) + 1;
  const sums = new Float64Array(shapes);
  let seen = saved.seen - saved.values.length;
  let gapAt = Number.NEGATIVE_INFINITY;

  const agoOf = (shape: number): number => length + shape * stride;
  const latestPlace = (): number => ((seen - 1) % size) + size;
  /** Earlier shapes of which at least so many values are there. */
  const having = (values: number): number =>
    Math.max(0, Math.min(shapes, Math.floor((seen - values - length) / stride) + 1));
  const remember = (value: number): void => {
    ring[seen % size] = value;
    ring[(seen % size) + size] = value;
    seen += 1;
    if (Number.isNaN(value)) gapAt = seen;
  };
  const renew = (shape: number): void => {
    const [latest, ago] = [latestPlace(), agoOf(shape)];
    let sum = 0;
    for (let back = 0; back < length && back < seen - ago; back += 1) {
      const difference = (ring[latest - back] ?? 0) - (ring[latest - back - ago] ?? 0);
      sum += difference * difference;
    }
    sums[shape] = sum;
  };
  const slide = (): void => {
    const [begun, whole] = [having(1), having(length + 1)];
    slideSums(sums, ring, { latest: latestPlace(), length, stride, count: whole });
    for (let shape = whole; shape < begun; shape += 1) renew(shape);
    for (let turn = 0; turn < RENEWED; turn += 1) renew((seen * RENEWED + turn) % shapes);
  };
  const renewAll = (): void => {
    for (let shape = 0, begun = having(1); shape < begun; shape += 1) renew(shape);
  };

  for (const value of saved.values) remember(value);
  renewAll();
  return {
    put: (value) => {
      remember(value);
      if (seen - gapAt <= size) renewAll();
      else slide();
    },
    nearest: (count) => {
      const places = leastOf(sums, having(length), count);
      places.forEach(renew);
      return places.map((shape) => ({ ago: agoOf(shape), distance: Math.sqrt(sums[shape] ?? 0) }));
    },
    save: () => {
      const held = Math.min(seen, size);
      return { seen, values: Array.from({ length: held }, (_, place) => ring[(seen - held + place) % size] ?? 0) };
    },
  };
};
