import { z } from "zod";
import { createAutomatic } from "./automatic.ts";
import { bucketsOfBurn, createBurnRate, problemWithWindows } from "./burn-rate.ts";
import { byCalendar } from "./calendar.ts";
import { bucketsOfChange, createChange } from "./change.ts";
import { CHANGEPOINT_REMEMBERS, createChangepoint } from "./changepoint.ts";
import { fitsOf, type DetectorDefinition, type GroupDefinition, type SeriesDefinition } from "./detector-definition.ts";
import type { Detector, Finding, Observation } from "./detector.ts";
import { createEwma } from "./ewma.ts";
import { tameValue, unjudged } from "./finding.ts";
import { createFittedBand, SLOTS, type Fitting } from "./fitted-band.ts";
import { createForecast, problemWithHorizon } from "./forecast.ts";
import type { GroupDetector } from "./group-detector.ts";
import { bucketsOfHalfSpaces, createHalfSpaceTrees } from "./half-space-trees.ts";
import { REMEMBERED } from "./history.ts";
import { bucketsOfForest, createIsolationForest } from "./isolation-forest.ts";
import { createMissingData } from "./missing-data.ts";
import { createMultivariate } from "./multivariate.ts";
import { readKept } from "./packed.ts";
import { createPeers } from "./peers.ts";
import { MAX_REMEMBERED } from "./recent.ts";
import { createRobustZ } from "./robust-z.ts";
import { createSeasonalBand, learningMsOf } from "./seasonal-band.ts";
import { NO_FIT, seasonGrid } from "./seasonal-fit.ts";
import { createStaticBound } from "./static-bound.ts";
import { createVote } from "./vote.ts";

const WEEK_MS = 7 * 86_400_000;
/** Buckets after which the errors of the trends' weights are told apart. */
const LEARNS_TREND = 100;

const keptSchema = z.object({ definition: z.string(), state: z.unknown() });

/** How nothing is fitted: for who judges and keeps nothing of what is learnt. */
const NOT_FITTED: Fitting = { fit: NO_FIT, slot: 0 };

/** A definition as what was learnt with it is known by. A band that is smoothed is told as it was before there was a choice, so that what it learnt then is still its own. */
const describedAs = (definition: DetectorDefinition): string =>
  JSON.stringify(definition, (name, value: unknown) => (name === "method" && value === "SMOOTHED" ? undefined : value));

/** What was kept of a detector with this very definition; undefined of any other. */
const keptOf = (definition: DetectorDefinition, saved: unknown): { described: string; state: unknown } => {
  const described = describedAs(definition);
  const kept = readKept(keptSchema, saved);
  return { described, state: kept?.definition === described ? kept.state : undefined };
};

const make = (definition: SeriesDefinition, saved: unknown, fitting: Fitting): Detector => {
  switch (definition.kind) {
    case "STATIC":
      return createStaticBound(definition);
    case "CHANGE":
      return createChange(definition, saved);
    case "ROBUST_Z":
      return createRobustZ(definition, saved);
    case "EWMA":
      return createEwma(definition, saved);
    case "AUTOMATIC":
      return createAutomatic(definition, saved);
    case "SEASONAL_BAND":
      return definition.method === "MSTL"
        ? createFittedBand(definition, saved, fitting)
        : createSeasonalBand(definition, saved);
    case "MISSING_DATA":
      return createMissingData(definition, saved);
    case "FORECAST":
      return createForecast(definition, saved);
    case "CHANGEPOINT":
      return createChangepoint(definition, saved);
    case "ISOLATION_FOREST":
      return createIsolationForest(definition, saved);
    case "HALF_SPACE_TREES":
      return createHalfSpaceTrees(definition, saved);
    case "ENSEMBLE":
      return createVote(definition, (member, of) => createDetector(member, of, fitting), saved);
    case "BURN_RATE":
      return createBurnRate(definition, saved);
  }
};

/** What a detector is given: a value it can reckon with, and null of a bucket of too few. */
const given = (observation: Observation, minimumSamples: number): Observation => {
  const tooFew = observation.samples !== null && observation.samples < minimumSamples;
  return { ...observation, value: tooFew ? null : tameValue(observation.value) };
};

/**
 * Builds the detector of a series. `saved` is what {@link Detector.save} gave of one with the same definition; of another, or of nothing, the detector starts anew. What is fitted by a
 * library is so by `fitting`, which the same series is always given the same.
 */
export const createDetector = (
  definition: SeriesDefinition,
  saved: unknown,
  fitting: Fitting = NOT_FITTED,
): Detector => {
  const { described, state } = keptOf(definition, saved);
  const areToOthers = definition.kind === "MISSING_DATA" ? "NOTHING" : "GAP";
  const detector = byCalendar(definition.calendar, areToOthers, (of) => make(definition, of, fitting), state);
  return {
    judge: (observation) => detector.judge(given(observation, definition.minimumSamples)),
    save: () => ({ definition: described, state: detector.save() }),
  };
};

const SKIPPED = unjudged(
  "LEARNING",
  "the calendar has a label for this time, and such times are neither judged nor learnt",
);

/** Builds the detector of a rule's series together; `saved` is, by series, what {@link GroupDetector.save} gave of one with the same definition. */
export const createGroupDetector = (
  definition: GroupDefinition,
  saved: ReadonlyMap<string, unknown>,
): GroupDetector => {
  const states = new Map([...saved].map(([name, one]) => [name, keptOf(definition, one).state]));
  const { described } = keptOf(definition, undefined);
  const detector =
    definition.kind === "PEERS" ? createPeers(definition, states) : createMultivariate(definition, states);
  const isSkipped = ({ calendar }: Observation): boolean => definition.calendar === "SKIP" && calendar !== null;
  return {
    judge: (buckets) => {
      const looked = [...buckets].filter(([, observation]) => !isSkipped(observation));
      const found = detector.judge(new Map(looked.map(([name, one]) => [name, given(one, definition.minimumSamples)])));
      return new Map([...buckets.keys()].map((name): [string, Finding] => [name, found.get(name) ?? SKIPPED]));
    },
    save: () => new Map([...detector.save()].map(([name, state]) => [name, { definition: described, state }])),
  };
};

const neededBy = (definition: DetectorDefinition, bucketMs: number): number => {
  switch (definition.kind) {
    case "STATIC":
      return 0;
    case "CHANGE":
      return bucketsOfChange(definition, bucketMs);
    case "ROBUST_Z":
      return definition.window;
    case "EWMA":
      return definition.baseline;
    case "AUTOMATIC":
      return REMEMBERED;
    case "SEASONAL_BAND":
      return definition.method === "MSTL"
        ? (seasonGrid(definition.seasons, bucketMs)?.window ?? 0) + SLOTS
        : Math.ceil((1.5 * learningMsOf(definition)) / bucketMs);
    case "MISSING_DATA":
      return Math.ceil(WEEK_MS / bucketMs);
    case "FORECAST":
      return LEARNS_TREND;
    case "CHANGEPOINT":
      return CHANGEPOINT_REMEMBERS;
    case "ISOLATION_FOREST":
      return bucketsOfForest(definition);
    case "HALF_SPACE_TREES":
      return bucketsOfHalfSpaces(definition);
    case "ENSEMBLE":
      return Math.max(...definition.members.map(({ detector }) => neededBy(detector, bucketMs)));
    case "BURN_RATE":
      return bucketsOfBurn(definition, bucketMs);
    case "PEERS":
      return definition.levelOver;
    case "MULTIVARIATE":
      return definition.over;
  }
};

/** Buckets of a length that a detector is shown before the first one that counts, so that it need not learn while it watches; never more than it can remember. */
export const historyOf = (definition: DetectorDefinition, bucketMs: number): number =>
  Math.min(MAX_REMEMBERED, neededBy(definition, bucketMs));

/** Buckets that a detector must remember to say what it says. */
const rememberedBy = (definition: DetectorDefinition, bucketMs: number): number => {
  if (definition.kind === "CHANGE") return bucketsOfChange(definition, bucketMs);
  return definition.kind === "BURN_RATE" ? bucketsOfBurn(definition, bucketMs) : 0;
};

/** Whether all bands that are to be fitted have seasons of so many buckets as can be. */
const canBeFitted = (definition: DetectorDefinition, bucketMs: number): boolean => {
  if (definition.kind === "ENSEMBLE")
    return definition.members.every(({ detector }) => canBeFitted(detector, bucketMs));
  return (
    fitsOf(definition) === 0 || definition.kind !== "SEASONAL_BAND" || seasonGrid(definition.seasons, bucketMs) !== null
  );
};

/** Why a forecast, or one of an ensemble, looks further ahead than it can; null where none does. */
const problemWithHorizons = (definition: DetectorDefinition, bucketMs: number): string | null => {
  const each = definition.kind === "ENSEMBLE" ? definition.members.map(({ detector }) => detector) : [definition];
  return each.map((one) => (one.kind === "FORECAST" ? problemWithHorizon(one, bucketMs) : null)).find(Boolean) ?? null;
};

/** What is wrong with a detector for buckets of a length, such as that it would have to remember more of them than it may; null when nothing is. */
export const problemWithBuckets = (definition: DetectorDefinition, bucketMs: number): string | null => {
  if (!canBeFitted(definition, bucketMs))
    return "MSTL is fitted to seasons of 2 to 336 buckets: take hours, or days with seasons that have a week, or the method SMOOTHED.";
  const tooFar = problemWithHorizons(definition, bucketMs);
  if (tooFar !== null) return tooFar;
  const needed = rememberedBy(definition, bucketMs);
  if (needed <= MAX_REMEMBERED)
    return definition.kind === "BURN_RATE" ? problemWithWindows(definition, bucketMs) : null;
  return `It would have to remember ${needed} buckets, and may ${MAX_REMEMBERED}; take longer buckets, an earlier time that lies less far back, shorter windows or fewer periods.`;
};
