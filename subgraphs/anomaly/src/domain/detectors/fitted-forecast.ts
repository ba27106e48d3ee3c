import { z } from "zod";
import { packedNumbers, packNumbers, unpackNumbers } from "./packed.ts";
import { MAX_FITTED, type FittedSeason } from "./seasonal-fit.ts";
import { boundedLoss } from "./seasonal-smoothing.ts";

/** Errors in a row, each more than so many deviations to the same side, by which a level is believed to have changed. */
const [CHANGED_FOR, CHANGED_BY] = [12, 2];
/**
 * How many times as far as a fit says values lie from its forecast: at first what three seasons of noise come to, of which the fit took a third for season (the root of 4/3 by 2/3), then what
 * errors came to, the latest of which weighs so much; never less than the fit says, nor more than so many times.
 */
const [SCALE_FIRST, SCALE_MOST, OF_SCALE] = [Math.SQRT2, 10, 0.02];
/** Seasons a forecast is carried on for, the one it was made for among them: who waits longer for a fit is judged by what is smoothed. */
const SEASONS_CARRIED = 3;

/** Reads a forecast as it is kept: of the season after the place it was made at, how many buckets ago that was, and the errors that lie to one side. */
export const forecastSchema = z.object({
  place: z.number().int().min(0).max(MAX_FITTED),
  ahead: z.number().int().min(0),
  isMoved: z.boolean(),
  scale: z.number().min(1).max(SCALE_MOST),
  expected: packedNumbers(MAX_FITTED),
  deviations: packedNumbers(MAX_FITTED),
  errors: z.array(z.number()).max(CHANGED_FOR),
  errorSteps: z.number().int().min(0),
});

/** What is expected of a bucket, how far from it values usually lie, and how many seasons ago that was to be. */
export interface Forecasted {
  readonly expected: number;
  readonly deviation: number;
  readonly seasonsAgo: number;
}

/** A season's forecast that is carried on until it is made anew. */
export interface FittedForecast {
  /** What it says of the bucket so many steps on, at a place of the season; null once it is too old. */
  readonly at: (place: number, steps: number) => Forecasted | null;
  /** Goes so many steps on. */
  readonly pass: (steps: number) => void;
  /** Learns how far a value lay from what was expected, and how far one usually lies. Where the level has changed: by how much, and for how many of the latest buckets. */
  readonly learn: (error: number, deviation: number) => { readonly by: number; readonly latest: number } | null;
  /** Whether it is to be made anew: its season is over, or its level has changed. */
  readonly isDue: () => boolean;
  /** How many times as far as the fit says values lie from it. */
  readonly scale: () => number;
  readonly save: () => z.infer<typeof forecastSchema>;
}

/** Buckets of a season that a clock may leave out. */
const SLACK = 3;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
};

/** A forecast as it was kept. Past its season it is that of the season before, with deviations that grow as those of a sum do. */
export const createFittedForecast = (season: number, saved: z.infer<typeof forecastSchema>): FittedForecast => {
  const [expected, deviations] = [unpackNumbers(saved.expected), unpackNumbers(saved.deviations)];
  const { place: made } = saved;
  let { ahead, isMoved, scale, errors, errorSteps } = saved;
  return {
    at: (place, steps) => {
      const seasonsAgo = Math.floor(Math.max(0, ahead + steps - 1) / season);
      if (seasonsAgo >= SEASONS_CARRIED) return null;
      const index = (((place - made - 1) % season) + season) % season;
      const [value, deviation] = [expected[index], deviations[index]];
      if (value === undefined || deviation === undefined) return null;
      return { expected: value, deviation: scale * deviation * Math.sqrt(1 + seasonsAgo), seasonsAgo };
    },
    pass: (steps) => {
      ahead += steps;
      errorSteps += steps;
    },
    learn: (error, deviation) => {
      const squared = scale * scale * (1 - OF_SCALE + OF_SCALE * boundedLoss(error / deviation));
      scale = Math.max(1, Math.min(SCALE_MOST, Math.sqrt(squared)));
      const isFar = Math.abs(error) > CHANGED_BY * deviation;
      const [first] = errors;
      if (!isFar || (first !== undefined && first > 0 !== error > 0)) errors = [];
      if (!isFar) return null;
      if (errors.length === 0) errorSteps = 1;
      errors = [...errors, error];
      if (errors.length < CHANGED_FOR) return null;
      const moved = { by: median(errors), latest: errorSteps };
      for (let index = 0; index < expected.length; index += 1) expected[index] = (expected[index] ?? 0) + moved.by;
      [errors, errorSteps, isMoved] = [[], 0, true];
      return moved;
    },
    scale: () => scale,
    isDue: () => isMoved || ahead >= season - SLACK,
    save: () => ({
      ...{ place: made, ahead, isMoved, scale, errors, errorSteps },
      ...{ expected: packNumbers(expected), deviations: packNumbers(deviations) },
    }),
  };
};

/** A forecast that was just made of what comes after a place, by who knows what errors came to before. */
export const madeForecast = (
  place: number,
  { expected, deviations }: FittedSeason,
  before: FittedForecast | null,
): z.infer<typeof forecastSchema> => ({
  ...{ place, ahead: 0, isMoved: false, scale: before?.scale() ?? SCALE_FIRST, errors: [], errorSteps: 0 },
  ...{ expected: packNumbers(expected), deviations: packNumbers(deviations) },
});
