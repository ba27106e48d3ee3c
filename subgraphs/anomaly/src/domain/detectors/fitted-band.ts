import { z } from "zod";
import type { Detector, Finding, Observation } from "./detector.ts";
import type { SeasonalBandDefinition } from "./detector-definition.ts";
import { judgeAround, spreadOf, told } from "./finding.ts";
import {
  createFittedForecast,
  forecastSchema,
  madeForecast,
  type Forecasted,
  type FittedForecast,
} from "./fitted-forecast.ts";
import { readKept } from "./packed.ts";
import { createSeasonWindow, seasonWindowSchema, type SeasonWindow } from "./season-window.ts";
import {
  fitWindow,
  seasonGrid,
  SEASONS_FITTED,
  type FitSeasons,
  type SeasonGrid,
  type Unfitted,
} from "./seasonal-fit.ts";
import { createSeasonalBand } from "./seasonal-band.ts";

/** A series may be fitted in one bucket of so many, which follows from what it is of: of a rule's series few come together. */
export const SLOTS = 24;

/** How the series of a detector is fitted, and in which of {@link SLOTS} buckets it may be. */
export interface Fitting {
  readonly fit: FitSeasons;
  readonly slot: number;
}

const keptSchema = z.object({
  smoothed: z.unknown(),
  window: seasonWindowSchema.nullable(),
  forecast: forecastSchema.nullable(),
  unfitted: z.enum(["GAPS", "CONSTANT", "FAILED"]).nullable(),
});

const WHY: Readonly<Record<Unfitted, string>> = {
  GAPS: "more than a quarter of what MSTL would be fitted to is missing",
  CONSTANT: "MSTL is not fitted to what is constant",
  FAILED: "MSTL found no fit",
};

/** What is known of a series on a grid: its latest values, and what was forecast of them. */
interface Known {
  readonly grid: SeasonGrid;
  readonly window: SeasonWindow;
  readonly forecast: FittedForecast | null;
  readonly unfitted: Unfitted | null;
}

const knownOn = (grid: SeasonGrid, kept: z.infer<typeof keptSchema> | null): Known => ({
  grid,
  window: createSeasonWindow(grid, kept?.window ?? null),
  forecast: kept === null || kept.forecast === null ? null : createFittedForecast(grid.season, kept.forecast),
  unfitted: kept?.unfitted ?? null,
});

/** Fits what is known, where it is time to. A fit that fails leaves the older forecast, if there is one. */
const fitted = (known: Known, { atMs }: Observation, { fit, slot }: Fitting): Known => {
  const { grid, window, forecast } = known;
  const isSlot = Math.floor(atMs / grid.bucketMs) % SLOTS === slot % SLOTS;
  const values = window.values();
  if (!isSlot || forecast?.isDue() === false || values.length < SEASONS_FITTED * grid.season) return known;
  const result = fitWindow(values, grid, fit);
  if (typeof result === "string") return { ...known, unfitted: result };
  const made = madeForecast(window.place(), result, forecast);
  return { ...known, forecast: createFittedForecast(grid.season, made), unfitted: null };
};

const whySmoothed = (known: Known | null): string => {
  if (known === null) return "MSTL is fitted to seasons of 2 to 336 buckets";
  if (known.unfitted !== null) return WHY[known.unfitted];
  return known.forecast === null
    ? `MSTL is fitted once ${SEASONS_FITTED} seasons are known`
    : "what MSTL forecast is too old";
};

const ofWhen = ({ seasonsAgo }: Forecasted): string => (seasonsAgo === 0 ? "" : " by a season that is over");

/** What the forecast says of a value; without one, what is smoothed, which says why. */
const judged = (
  { threshold, minimumDeviation, sides }: SeasonalBandDefinition,
  observation: Observation,
  smoothed: Finding,
  known: Known | null,
  forecasted: Forecasted | null,
): Finding => {
  const { value } = observation;
  if (value === null) return smoothed;
  if (forecasted === null) {
    if (smoothed.outcome === "LEARNING") return smoothed;
    return { ...smoothed, because: `${smoothed.because}; smoothed, since ${whySmoothed(known)}` };
  }
  const { expected, deviation } = forecasted;
  const within = threshold * spreadOf(Math.max(deviation, minimumDeviation), expected);
  const because = `${told(value)} where MSTL forecasts ${told(expected)} give or take ${told(within)}${ofWhen(forecasted)}`;
  return judgeAround(observation, value, { expected, within }, { sides, because });
};

/** Learns a bucket: it takes its place among the latest, and a level that has changed moves those before it and the forecast. */
const learn = ({ window, forecast }: Known, observation: Observation, minimumDeviation: number): void => {
  const stood = window.stand(observation);
  const forecasted = forecast?.at(stood.place, stood.steps) ?? null;
  window.put(observation, stood);
  forecast?.pass(stood.steps);
  if (observation.value === null || stood.isLike || forecast === null || forecasted === null) return;
  const deviation = spreadOf(Math.max(forecasted.deviation, minimumDeviation), forecasted.expected);
  const moved = forecast.learn(observation.value - forecasted.expected, deviation);
  if (moved !== null) window.move(moved.by, moved.latest);
};

/**
 * The band that MSTL with ETS forecasts of a series, a season at a time. Where there is no forecast, or it is too old, the smoothed band judges, which learns every bucket. What it says
 * follows from the series' buckets alone, and so does when it is fitted.
 */
export const createFittedBand = (definition: SeasonalBandDefinition, saved: unknown, fitting: Fitting): Detector => {
  const { minimumDeviation, seasons } = definition;
  const kept = readKept(keptSchema, saved);
  const smoothed = createSeasonalBand(definition, kept?.smoothed);
  const keptGrid = kept === null || kept.window === null ? null : seasonGrid(seasons, kept.window.bucketMs);
  let known = keptGrid === null ? null : knownOn(keptGrid, kept);
  return {
    judge: (observation) => {
      const usual = smoothed.judge(observation);
      const grid = seasonGrid(seasons, observation.untilMs - observation.atMs);
      if (grid === null) return judged(definition, observation, usual, null, null);
      // Buckets of another length are another series.
      if (known === null || known.grid.bucketMs !== grid.bucketMs) known = knownOn(grid, null);
      const { place, steps } = known.window.stand(observation);
      const finding = judged(definition, observation, usual, known, known.forecast?.at(place, steps) ?? null);
      learn(known, observation, minimumDeviation);
      known = fitted(known, observation, fitting);
      return finding;
    },
    save: () => ({
      smoothed: smoothed.save(),
      window: known?.window.save() ?? null,
      forecast: known?.forecast?.save() ?? null,
      unfitted: known?.unfitted ?? null,
    }),
  };
};
