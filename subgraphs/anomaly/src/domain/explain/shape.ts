import erfc from "@stdlib/math-base-special-erfc";

/** How alike two series run, one shifted against the other. */
export interface ShapeMatch {
  /** Pearson's correlation at the shift that fits best, -1 to 1. */
  readonly correlation: number;
  /** Buckets by which the other comes later; negative: it comes first. */
  readonly lag: number;
  /** Chance of so great a correlation at any of the shifts that were tried, where the series have nothing to do with each other. */
  readonly chance: number;
}

/** Greatest shift that is tried, in buckets. */
export const MAX_LAG = 6;
/** Buckets two series must have in common: fewer correlate by chance. */
export const MIN_COMMON = 12;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's correlation; 0 where either does not vary. */
const correlationOf = (xs: readonly number[], ys: readonly number[]): number => {
  const [mx, my] = [mean(xs), mean(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  xs.forEach((x, at) => {
    const [dx, dy] = [x - mx, (ys[at] ?? my) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  });
  const spread = Math.sqrt(xx) * Math.sqrt(yy);
  return spread > 0 && Number.isFinite(spread) ? Math.max(-1, Math.min(1, xy / spread)) : 0;
};

/** Correlation of a series with itself a bucket later. */
const persistenceOf = (values: readonly number[]): number => correlationOf(values.slice(0, -1), values.slice(1));

/**
 * Chance of a correlation as far from 0 between two series that have nothing to do with each other: Fisher's z over as many buckets as are independent of one another, by the persistence of both
 * (Bartlett 1946): n (1 - ab) / (1 + ab). 1 where those are too few.
 */
const chanceOf = (correlation: number, xs: readonly number[], ys: readonly number[]): number => {
  const both = Math.max(0, persistenceOf(xs) * persistenceOf(ys));
  const independent = (xs.length * (1 - both)) / (1 + both);
  if (independent <= 3) return 1;
  const z = Math.abs(Math.atanh(Math.min(1 - 1e-12, Math.abs(correlation)))) * Math.sqrt(independent - 3);
  return erfc(z / Math.SQRT2);
};

/** A series by the place of its buckets; null where it holds nothing. */
export type Deviations = ReadonlyMap<number, number>;

/**
 * How alike two series deviate, at the shift within {@link MAX_LAG} buckets either way that fits best; null where they have fewer than {@link MIN_COMMON} buckets in common at any. The chance is corrected for the
 * shifts that were tried (Šidák 1967).
 */
export const matchShapes = (series: Deviations, other: Deviations): ShapeMatch | null => {
  const tried: ShapeMatch[] = [];
  for (let lag = -MAX_LAG; lag <= MAX_LAG; lag += 1) {
    const pairs = [...series].flatMap(([place, x]) => {
      const y = other.get(place + lag);
      return y === undefined ? [] : [[x, y] as const];
    });
    if (pairs.length < MIN_COMMON) continue;
    const [xs, ys] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
    const correlation = correlationOf(xs, ys);
    tried.push({ correlation, lag, chance: chanceOf(correlation, xs, ys) });
  }
  const [best] = tried.toSorted(
    (one, next) => one.chance - next.chance || Math.abs(one.lag) - Math.abs(next.lag) || one.lag - next.lag,
  );
  if (best === undefined) return null;
  return { ...best, chance: -Math.expm1(tried.length * Math.log1p(-Math.min(best.chance, 1 - 1e-15))) };
};
