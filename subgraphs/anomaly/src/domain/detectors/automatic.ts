import type { Detector, Finding, Observation, Weighed } from "./detector.ts";
import type { AutomaticDefinition } from "./detector-definition.ts";
import { createEnsemble, DEFAULT_THRESHOLD, ensembleSchema, SHAPES_STEP, type EnsembleFinding } from "./ensemble.ts";
import { boundedScore, counts, NOTHING_MEASURED, sideOf, told, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";
import { createSeriesClock, seriesClockSchema } from "./series-clock.ts";

/** What is kept: what the ensemble has learnt, and the clock; what was kept before there was one has none. */
const keptSchema = ensembleSchema.extend({ clock: seriesClockSchema.nullable().default(null) });

/** The bucket, and the last buckets of the most similar stretches there were. */
const weighedOf = (atMs: number, nearestMs: readonly number[]): readonly Weighed[] => {
  const share = 1 / (1 + nearestMs.length);
  return [atMs, ...nearestMs].map((ms) => ({ atMs: ms, share }));
};

const PART_WORDS = {
  DAY_PROFILE: "its hour of the day",
  WEEK_PROFILE: "its hour of the week",
  SHORT_SHAPE: "the shape of the latest 12 values",
  LONG_SHAPE: "the shape of the latest 20 values",
} as const;
const PARTS = ["DAY_PROFILE", "WEEK_PROFILE", "SHORT_SHAPE", "LONG_SHAPE"] as const;

const becauseOf = (value: number, expected: number, { parts }: EnsembleFinding, goesOn: boolean): string => {
  const most = PARTS.reduce((one, other) => (parts[other] > parts[one] ? other : one));
  const unusual = parts[most] > 0 ? `most unusual is ${PART_WORDS[most]}` : "nothing about it is unusual";
  return `${told(value)} where ${told(expected)} is usual; ${unusual}${goesOn ? ", as before: it goes on" : ""}`;
};

type Judged = EnsembleFinding & {
  readonly expected: number;
  readonly within: number;
  readonly nearestMs: readonly number[];
};

/** Whether a value that is no news is still as unusual as an alarm and outside of what is usual, so that nothing is over by it. */
const isStillOut = (value: number, { surprise, expected, within }: Judged, threshold: number): boolean =>
  surprise > threshold && Math.abs(value - expected) > within;

const judged = (
  { atMs }: Observation,
  value: number,
  found: Judged,
  { sides, threshold }: { readonly sides: AutomaticDefinition["sides"]; readonly threshold: number },
): Finding => {
  const side = sideOf(value, found.expected);
  const counted = sides === "BOTH" || counts(sides, side);
  const isNews = found.novelty > threshold;
  const goesOn = !isNews && isStillOut(value, found, threshold);
  return {
    outcome: counted && isNews ? "ANOMALOUS" : "NORMAL",
    score: counted ? (goesOn ? 1 : boundedScore(found.novelty / threshold)) : 0,
    expected: found.expected,
    low: sides === "ABOVE" ? null : found.expected - found.within,
    high: sides === "BELOW" ? null : found.expected + found.within,
    side,
    weighed: weighedOf(atMs, found.nearestMs),
    because: becauseOf(value, found.expected, found, goesOn && counted),
  };
};

/**
 * The default ensemble as a detector; a sensitivity of 2 halves its threshold. Alarms are news: what lasts or comes again and again is told less and less. What lasts is no alarm again, but has a
 * score of 1 while it is as unusual and outside of the band: it is not over, either. Where clocks are changed the series breaks off: shapes across it are of hours that do not follow each other, and are compared with none.
 */
export const createAutomatic = ({ sides, sensitivity }: AutomaticDefinition, saved: unknown): Detector => {
  const threshold = DEFAULT_THRESHOLD / sensitivity;
  const kept = readKept(keptSchema, saved);
  const ensemble = createEnsemble(threshold, kept);
  const clock = createSeriesClock(kept?.clock ?? null, SHAPES_STEP);
  return {
    judge: (observation) => {
      ensemble.leaveOut(clock.placesLeftBefore(observation));
      const found = ensemble.judge(observation);
      const { expected, within } = found;
      if (observation.value === null) return NOTHING_MEASURED;
      if (expected === null || within === null) return unjudged("LEARNING", "too few values are known to judge by");
      const nearestMs = found.nearest.map((ago) => clock.placesBefore(observation, ago));
      return judged(observation, observation.value, { ...found, expected, within, nearestMs }, { sides, threshold });
    },
    save: () => ({ ...ensemble.save(), clock: clock.save() }),
  };
};
