import type { Finding, Observation, Weighed } from "./detector.ts";

/** Greatest score: what lies a thousand thresholds out is told from what lies further by nobody. */
export const MAX_SCORE = 1_000;
/** Observations a finding names at most. */
export const MAX_WEIGHED = 10;
/** Greatest distance from 0 that a value is judged with: fourth powers of it, and sums of thousands of them, are still numbers. */
export const MAX_VALUE = 1e70;
/** Share of what is expected below which a deviation is a rounding of arithmetic, and a spread that none is less than. */
const [ROUNDING, LEAST_SPREAD] = [1e-9, 1e-100];

/** Which sides of what is expected are anomalies. */
export type Sides = "ABOVE" | "BELOW" | "BOTH";

/** Where a value is expected, and how far from it a normal one may lie; 0 where only what is expected is normal. */
export interface Around {
  readonly expected: number;
  readonly within: number;
}

/** A score as findings tell it: 0 to {@link MAX_SCORE}. */
export const boundedScore = (score: number): number => (score > 0 ? Math.min(score, MAX_SCORE) : 0);

/** A value as it is judged: null is what was not measured, or is no number; none lies further from 0 than {@link MAX_VALUE}. */
export const tameValue = (value: number | null): number | null =>
  value === null || Number.isNaN(value) ? null : Math.max(-MAX_VALUE, Math.min(MAX_VALUE, value));

/** A spread no smaller than the roundings of what is expected, and above 0, so that it can be divided by. */
export const spreadOf = (spread: number, expected: number): number =>
  Math.max(spread, ROUNDING * Math.abs(expected), LEAST_SPREAD);

/** A number in a sentence: four digits are enough to be pointed at. */
export const told = (value: number): string => String(Number(value.toPrecision(4)));

/** A length of time in a sentence: in minutes up to two hours, in hours up to two days, else in days. */
export const toldLength = (ms: number): string => {
  const minutes = ms / 60_000;
  if (minutes < 120) return `${told(minutes)} min`;
  return minutes < 2_880 ? `${told(minutes / 60)} h` : `${told(minutes / 1_440)} days`;
};

/** Observations that weigh the same, the latest first; at most ten are named, each with its share of all. */
export const evenly = (times: readonly number[], of = times.length): readonly Weighed[] =>
  times.slice(0, MAX_WEIGHED).map((atMs) => ({ atMs, share: 1 / of }));

/** A finding of a bucket that is not judged. */
export const unjudged = (outcome: "LEARNING" | "NO_DATA", because: string): Finding => ({
  ...{ outcome, score: 0, expected: null, low: null, high: null, side: null },
  ...{ weighed: [], because },
});

/** What a detector says of a bucket that holds nothing, or fewer units than it is to be judged by. */
export const NOTHING_MEASURED: Finding = unjudged("NO_DATA", "nothing was measured, or of too few");

/** On which side of what is expected a value lies. */
export const sideOf = (value: number, expected: number): "ABOVE" | "BELOW" | null => {
  if (value === expected) return null;
  return value > expected ? "ABOVE" : "BELOW";
};

/** Whether a deviation to a side is looked at. */
export const counts = (sides: Sides, side: "ABOVE" | "BELOW" | null): boolean =>
  side !== null && (sides === "BOTH" || sides === side);

/** Distances as scores: how many times the greatest normal distance; where that is 0, any distance is the greatest score. */
const timesOf = (distance: number, within: number): number => {
  if (distance === 0) return 0;
  return within === 0 ? MAX_SCORE : boundedScore(distance / within);
};

/** A finding by a band that is so many times as wide: a score is so many times less, and what was beyond its threshold is only where it still is. */
export const widened = (finding: Finding, times: number, why: string): Finding => {
  const { outcome, score, expected, low, high, because } = finding;
  const further = (bound: number | null): number | null =>
    bound === null || expected === null ? bound : tameValue(expected + times * (bound - expected));
  return {
    ...finding,
    ...{ score: score / times, low: further(low), high: further(high), because: `${because}; ${why}` },
    outcome: outcome === "ANOMALOUS" && score <= times ? "NORMAL" : outcome,
  };
};

/** Judges a value by its distance from what was expected, on the sides that count; at the very bound it is normal. */
export const judgeAround = (
  { atMs }: Observation,
  value: number,
  { expected, within }: Around,
  words: { readonly sides: Sides; readonly weighed?: readonly Weighed[]; readonly because: string },
): Finding => {
  const side = sideOf(value, expected);
  const counted = counts(words.sides, side);
  const distance = Math.abs(value - expected);
  return {
    outcome: counted && distance > within ? "ANOMALOUS" : "NORMAL",
    score: counted ? timesOf(distance, within) : 0,
    expected,
    low: words.sides === "ABOVE" ? null : expected - within,
    high: words.sides === "BELOW" ? null : expected + within,
    side,
    weighed: words.weighed ?? [{ atMs, share: 1 }],
    because: words.because,
  };
};
