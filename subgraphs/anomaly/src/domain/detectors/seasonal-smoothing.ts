import { z } from "zod";
import type { Observation } from "./detector.ts";
import { spreadOf } from "./finding.ts";

const HOUR_MS = 3_600_000;
/** Quarters of an hour of a day, and hours of a week. */
export const [PARTS_OF_DAY, PARTS_OF_WEEK] = [96, 168];
/** Weights of the latest error in the level, in a part of the day and of the week, once enough is known of each. */
const [OF_LEVEL, OF_DAY, OF_WEEK] = [0.05, 0.05, 0.1];
/** Weight of the latest error in the spread. */
const OF_SPREAD = 0.02;
/** Spreads beyond which an error teaches no more than at it, and the constant that makes a normal error's spread come out right. */
const [BOUND, CONSISTENT] = [2, 2.52];

const partSchema = z.tuple([z.number().int().min(0), z.number()]);

/** Reads what smoothing has learnt: per part of a day and of a week how many values were seen there, and what it adds. */
export const smoothingSchema = z.object({
  seen: z.number().int().min(0),
  level: z.number(),
  spread: z.number().min(0),
  day: z.array(partSchema).length(PARTS_OF_DAY),
  week: z.array(partSchema).length(PARTS_OF_WEEK),
});

/** Which seasons a series has. */
export type Seasons = "DAY" | "WEEK" | "DAY_AND_WEEK";

/** What is expected of a bucket, and how far values usually lie from it. */
export interface SeasonalExpectation {
  readonly expected: number;
  readonly spread: number;
}

/** Smooths a series' level and what hours of the day and of the week add to it. */
export interface SeasonalSmoothing {
  /** What is expected of a bucket by all before it; null before the first. */
  readonly expect: (observation: Observation) => SeasonalExpectation | null;
  /** Learns a bucket. At first, when it is not `bounded`, level and parts are means of what was seen; then an error teaches no more than one of two spreads. */
  readonly learn: (observation: Observation, value: number, bounded: boolean) => void;
  readonly save: () => z.infer<typeof smoothingSchema>;
}

/** Tukey's bounded loss of an error in spreads: its square near 0, a constant beyond the bound, 1 of normal errors by the mean. */
export const boundedLoss = (error: number): number => {
  if (Math.abs(error) >= BOUND) return CONSISTENT;
  return CONSISTENT * (1 - (1 - (error / BOUND) ** 2) ** 3);
};

const empty = (parts: number): [number, number][] => Array.from({ length: parts }, () => [0, 0]);

/**
 * Exponential smoothing with two seasons, additive (Taylor, "Short-term electricity demand forecasting using double seasonal exponential smoothing", Journal of the Operational Research
 * Society 54 (2003)), made robust as Gelper, Fried and Croux do ("Robust forecasting with exponential and Holt-Winters smoothing", Journal of Forecasting 29 (2010)): an error teaches no more
 * than one of two spreads, and the spread is a bounded scale. Parts are on the zone's clock.
 */
export const createSeasonalSmoothing = (
  seasons: Seasons,
  saved: z.infer<typeof smoothingSchema> | null,
): SeasonalSmoothing => {
  const day = saved?.day.map(([count, adds]): [number, number] => [count, adds]) ?? empty(PARTS_OF_DAY);
  const week = saved?.week.map(([count, adds]): [number, number] => [count, adds]) ?? empty(PARTS_OF_WEEK);
  let { seen, level, spread } = saved ?? { seen: 0, level: 0, spread: 0 };
  const partsOf = ({ atMs, hourOfWeek }: Observation) => {
    const quarter = Math.floor((((atMs % HOUR_MS) + HOUR_MS) % HOUR_MS) / (HOUR_MS / 4));
    return {
      ofDay: seasons === "WEEK" ? null : (day[(hourOfWeek % 24) * 4 + quarter] ?? null),
      ofWeek: seasons === "DAY" ? null : (week[hourOfWeek] ?? null),
    };
  };
  /** Gives a part its share of an error, and what of it is left. */
  const learnPart = (part: [number, number] | null, error: number, weight: number): number => {
    if (part === null) return error;
    part[0] += 1;
    const taken = Math.max(weight, 1 / part[0]) * error;
    part[1] += taken;
    return error - taken;
  };
  return {
    expect: (observation) => {
      if (seen === 0) return null;
      const { ofDay, ofWeek } = partsOf(observation);
      const expected = level + (ofDay?.[1] ?? 0) + (ofWeek?.[1] ?? 0);
      return { expected, spread: spreadOf(spread, expected) };
    },
    learn: (observation, value, bounded) => {
      const { ofDay, ofWeek } = partsOf(observation);
      const error = value - (level + (ofDay?.[1] ?? 0) + (ofWeek?.[1] ?? 0));
      const scale = spreadOf(spread, level);
      const taught = bounded ? Math.max(-BOUND * scale, Math.min(BOUND * scale, error)) : error;
      const ofLevel = bounded ? OF_LEVEL : 1 / (seen + 1);
      level += ofLevel * taught;
      learnPart(ofWeek, learnPart(ofDay, taught * (1 - ofLevel), OF_DAY), OF_WEEK);
      const squared = bounded ? boundedLoss(error / scale) * scale * scale : error * error;
      if (seen > 0) spread = Math.sqrt((1 - OF_SPREAD) * spread * spread + OF_SPREAD * squared);
      seen += 1;
    },
    save: () => ({
      seen,
      level,
      spread,
      day: day.map(([count, adds]) => [count, adds]),
      week: week.map(([count, adds]) => [count, adds]),
    }),
  };
};
