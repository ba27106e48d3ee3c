import type { Seasons } from "./seasonal-smoothing.ts";

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const DAYS_OF_WEEK = 7;
/** Values a fit is made of at most, six weeks of hours: what a fit costs grows with them, 20 to 60 ms at this many. */
export const MAX_FITTED = 1_008;
/** Seasons that must be known before the first fit: one fewer, and what a season holds can't be told from noise. */
export const SEASONS_FITTED = 3;
/** Seasons a fit is made of at most: older ones say less of the next. */
const MAX_SEASONS = 14;
/** Share of the values that may be missing: more, and what is put in their places is what is fitted. */
const MOST_MISSING = 0.25;
/** Robust deviations from what is usual at its place beyond which a value is taken as if it lay there, and what makes the median of distances one. */
const [OUTLYING, CONSISTENT] = [4, 1.4826];
/** Share of the values' size below which they are one and the same. */
const ROUNDING = 1e-9;

/** The buckets of a series as seasons are counted in them. */
export interface SeasonGrid {
  /** Milliseconds of a bucket, on a clock that nobody changes. */
  readonly bucketMs: number;
  /** Lengths of the seasons in buckets, the longest last. */
  readonly periods: readonly number[];
  /** The longest of them. */
  readonly season: number;
  /** Values that are kept to fit. */
  readonly window: number;
}

/** What a fit forecasts of the season after its values: what is expected, and how far from it values usually lie. */
export interface FittedSeason {
  readonly expected: readonly number[];
  readonly deviations: readonly number[];
}

/** Fits seasons and a trend to values without gaps, and forecasts the longest season; null where no fit is found. The same values always give the same. */
export type FitSeasons = (values: readonly number[], periods: readonly number[]) => FittedSeason | null;

/** Fits nothing: for who judges and keeps nothing of what is learnt. */
export const NO_FIT: FitSeasons = () => null;

/** Why a series' values are not fitted. */
export type Unfitted = "GAPS" | "CONSTANT" | "FAILED";

/** The grid of buckets of a length; null where the longest season has too few or too many of them. Days are as long as any other, however long the clock made them. */
export const seasonGrid = (seasons: Seasons, lengthMs: number): SeasonGrid | null => {
  const isDay = Math.abs(lengthMs - DAY_MS) <= HOUR_MS;
  if (!isDay && (lengthMs > HOUR_MS || HOUR_MS % lengthMs !== 0)) return null;
  const bucketMs = isDay ? DAY_MS : lengthMs;
  const day = DAY_MS / bucketMs;
  const week = DAYS_OF_WEEK * day;
  const asked = { DAY: [day], WEEK: [week], DAY_AND_WEEK: [day, week] }[seasons];
  const periods = asked.filter((period) => period > 1);
  const season = periods.at(-1);
  if (season === undefined || SEASONS_FITTED * season > MAX_FITTED) return null;
  const kept = Math.min(MAX_SEASONS, Math.floor(MAX_FITTED / season));
  return { bucketMs, periods, season, window: kept * season };
};

const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};
const known = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));

/** What is usual of each value: the median of its season, and the median at its place of what all seasons lie from theirs. */
const usualOf = (values: readonly number[], season: number): readonly number[] => {
  const whole = medianOf(known(values));
  // Seasons are counted from the end, so that the latest is whole.
  const seasonsAgo = (index: number): number => Math.floor((values.length - 1 - index) / season);
  const levels = Array.from({ length: seasonsAgo(0) + 1 }, (_, ago) => {
    const of = known(values.slice(Math.max(0, values.length - (ago + 1) * season), values.length - ago * season));
    return of.length === 0 ? whole : medianOf(of);
  });
  const levelAt = (index: number): number => levels[seasonsAgo(index)] ?? whole;
  const placeOf = (index: number): number => (values.length - 1 - index) % season;
  const added = Array.from({ length: season }, (): number[] => []);
  for (const [index, value] of values.entries())
    if (!Number.isNaN(value)) added[placeOf(index)]?.push(value - levelAt(index));
  const adds = added.map((of) => (of.length === 0 ? 0 : medianOf(of)));
  return values.map((_, index) => levelAt(index) + (adds[placeOf(index)] ?? 0));
};

/** The values that are fitted: a missing one is what is usual there, and one far from that no further than that of others. */
const cleanedValues = (values: readonly number[], season: number): readonly number[] => {
  const usual = usualOf(values, season);
  const errors = values.map((value, index) => value - (usual[index] ?? 0));
  const most = OUTLYING * CONSISTENT * medianOf(known(errors).map(Math.abs));
  return errors.map((error, index) => {
    const at = usual[index] ?? 0;
    if (Number.isNaN(error)) return at;
    return most === 0 ? at + error : at + Math.max(-most, Math.min(most, error));
  });
};

/** Fits what is known of a series, its seasons at their places; or says why not. Values are fitted about their median and by their size, so that fits are alike in all units. */
export const fitWindow = (
  values: readonly number[],
  { periods, season }: SeasonGrid,
  fit: FitSeasons,
): FittedSeason | Unfitted => {
  if (known(values).length < (1 - MOST_MISSING) * values.length) return "GAPS";
  const cleaned = cleanedValues(values, season);
  const middle = medianOf(cleaned);
  const size = cleaned.reduce((most, value) => Math.max(most, Math.abs(value - middle)), 0);
  if (size <= ROUNDING * Math.abs(middle)) return "CONSTANT";
  const fitted = fit(
    cleaned.map((value) => (value - middle) / size),
    periods,
  );
  if (fitted === null) return "FAILED";
  const expected = fitted.expected.map((value) => middle + size * value);
  const deviations = fitted.deviations.map((value) => size * value);
  const isWhole = expected.length === season && deviations.length === season;
  const areNumbers = [...expected, ...deviations].every(Number.isFinite) && deviations.every((one) => one >= 0);
  return isWhole && areNumbers ? { expected, deviations } : "FAILED";
};
