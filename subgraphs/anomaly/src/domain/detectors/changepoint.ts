import { z } from "zod";
import type { Detector, Finding, Weighed } from "./detector.ts";
import type { ChangepointDefinition } from "./detector-definition.ts";
import {
  boundedScore,
  counts,
  evenly,
  MAX_WEIGHED,
  NOTHING_MEASURED,
  sideOf,
  spreadOf,
  told,
  unjudged,
} from "./finding.ts";
import { readKept } from "./packed.ts";
import { createRecent, recentSchema, type Recent } from "./recent.ts";
import { nextRunLengths, NO_RUN, runLengthsSchema, type Stretch } from "./run-lengths.ts";

/** Values by which the usual level and spread are learnt before anything is said. */
const LEARNS = 30;
/** Values before a change whose median is the level it changed from. */
const LEVEL_OF = 60;
/** Buckets for which a change is told after it is confirmed. */
const TOLD_FOR = 20;
/** Score by its chance alone from which on a change's levels are looked at. */
const LOOKED_INTO = 0.1;
/** Chances nearer to 1 are not told apart. */
const SUREST = 1e-12;
/** The median of absolute deviations of a normal distribution, in standard deviations. */
const MAD_OF_NORMAL = 0.6745;

/** Buckets that are remembered. */
export const CHANGEPOINT_REMEMBERS = LEVEL_OF + TOLD_FOR + 50 + LEARNS;

const keptSchema = z.object({
  recent: recentSchema,
  /** Level and spread in which values are reckoned; null while they are learnt. */
  usual: z.tuple([z.number(), z.number()]).nullable(),
  seen: z.number().int().min(0),
  stretches: runLengthsSchema,
});

/** The latest measured values before a time ago, as many as asked for, the latest first. */
const valuesBefore = (recent: Recent, from: number, count: number): readonly number[] => {
  const values: number[] = [];
  for (let ago = from; ago < recent.held() && values.length < count; ago += 1)
    if (!Number.isNaN(recent.valueAgo(ago))) values.push(recent.valueAgo(ago));
  return values;
};

const middleOf = (sorted: Float64Array): number =>
  ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;

/** The median of the distances to a value of sorted ones, passed outwards from it. */
const medianDistance = (sorted: Float64Array, from: number): number => {
  let right = sorted.findIndex((value) => value >= from);
  let left = right - 1;
  let [before, last] = [0, 0];
  for (let passed = 0; passed <= sorted.length >> 1; passed += 1) {
    before = last;
    const down = left < 0 ? Number.POSITIVE_INFINITY : from - (sorted[left] ?? 0);
    const up = right >= sorted.length ? Number.POSITIVE_INFINITY : (sorted[right] ?? 0) - from;
    last = Math.min(down, up);
    if (down <= up) left -= 1;
    else right += 1;
  }
  return sorted.length % 2 === 1 ? last : (before + last) / 2;
};

/** The median of values, and their robust deviation from it: where most are the same, the mean one. */
const levelOf = (values: readonly number[]): { readonly level: number; readonly spread: number } => {
  const sorted = Float64Array.from(values).toSorted();
  const level = middleOf(sorted);
  const spread = medianDistance(sorted, level) / MAD_OF_NORMAL;
  if (spread > 0) return { level, spread: spreadOf(spread, level) };
  const mean = values.reduce((sum, value) => sum + Math.abs(value - level), 0) / values.length;
  return { level, spread: spreadOf(mean, level) };
};

/** How long ago the bucket is in which the stretch of so many values began. */
const agoOfValue = (recent: Recent, values: number): number => {
  let passed = 0;
  for (let ago = 0; ago < recent.held(); ago += 1) {
    if (!Number.isNaN(recent.valueAgo(ago))) passed += 1;
    if (passed === values) return ago;
  }
  return recent.held() - 1;
};

interface Change {
  readonly chance: number;
  readonly length: number;
}

/** The chance that a stretch began lately and lasts long enough to be believed, and its most likely length. */
const lateChange = (stretches: readonly Stretch[], confirm: number): Change => {
  let [chance, length] = [0, confirm];
  for (let one = confirm; one < confirm + TOLD_FOR; one += 1) {
    const of = stretches[one]?.[0] ?? 0;
    chance += of;
    if (of > (stretches[length]?.[0] ?? 0)) length = one;
  }
  return { chance, length };
};

const unlikely = (chance: number): number => -Math.log10(Math.max(SUREST, 1 - chance));

/** The levels that would be no change, told as a band: what a median of a stretch lies in that is less than `minimumShift` from the one before. */
const bandOf = (
  { level, spread }: ReturnType<typeof levelOf>,
  { minimumShift, sides }: ChangepointDefinition,
): Pick<Finding, "expected" | "low" | "high"> => ({
  expected: level,
  low: sides === "ABOVE" ? null : level - minimumShift * spread,
  high: sides === "BELOW" ? null : level + minimumShift * spread,
});

/** The buckets in which a new stretch may have begun, by its chance, the likeliest first. */
const beginnings = (
  recent: Recent,
  stretches: readonly Stretch[],
  { chance }: Change,
  confirm: number,
): readonly Weighed[] => {
  const lengths = Array.from({ length: TOLD_FOR }, (_, place) => confirm + place);
  return lengths
    .map((length) => ({ length, share: (stretches[length]?.[0] ?? 0) / chance }))
    .toSorted((one, other) => other.share - one.share)
    .slice(0, MAX_WEIGHED)
    .map(({ length, share }) => ({ atMs: recent.atMsAgo(agoOfValue(recent, length)), share }));
};

const NO_LEVEL = unjudged("LEARNING", "nothing is remembered of the level before");

/** What is said while no change is likely: the level that the latest values would have to leave, and the values it is of. */
const still = (recent: Recent, score: number, definition: ChangepointDefinition): Finding => {
  const from = agoOfValue(recent, definition.confirm) + 1;
  const values = valuesBefore(recent, from, LEVEL_OF);
  if (values.length === 0) return NO_LEVEL;
  const times: number[] = [];
  for (let ago = from; times.length < Math.min(MAX_WEIGHED, values.length); ago += 1)
    if (!Number.isNaN(recent.valueAgo(ago))) times.push(recent.atMsAgo(ago));
  return {
    ...{ outcome: "NORMAL", score: boundedScore(score), ...bandOf(levelOf(values), definition), side: null },
    ...{ weighed: evenly(times, values.length), because: "no change is likely" },
  };
};

const judged = (recent: Recent, stretches: readonly Stretch[], definition: ChangepointDefinition): Finding => {
  const change = lateChange(stretches, definition.confirm);
  const byChance = unlikely(change.chance) / unlikely(definition.confidence);
  if (byChance < LOOKED_INTO) return still(recent, byChance, definition);
  const began = agoOfValue(recent, change.length);
  const valuesOfLevel = valuesBefore(recent, began + 1, LEVEL_OF);
  if (valuesOfLevel.length === 0) return NO_LEVEL;
  const before = levelOf(valuesOfLevel);
  const after = levelOf(valuesBefore(recent, 0, change.length)).level;
  const shift = Math.abs(after - before.level) / before.spread;
  const side = sideOf(after, before.level);
  const score = Math.min(byChance, shift / definition.minimumShift);
  const counted = counts(definition.sides, side);
  return {
    outcome: counted && score > 1 ? "ANOMALOUS" : "NORMAL",
    score: counted ? boundedScore(score) : 0,
    ...{ ...bandOf(before, definition), side },
    weighed: beginnings(recent, stretches, change, definition.confirm),
    because:
      `since ${new Date(recent.atMsAgo(began)).toISOString()} the level is ${told(after)} after ${told(before.level)}, with a chance of ${told(100 * change.chance)} %`.replace(
        /\.\d{3}Z/,
        "Z",
      ),
  };
};

/**
 * A lasting change of level: that a new stretch began lately, at least `confirm` values ago, with a chance beyond `confidence`, and that its median lies at least `minimumShift` robust
 * standard deviations from that of the values before. It is told for twenty buckets and is then what is usual.
 */
export const createChangepoint = (definition: ChangepointDefinition, saved: unknown): Detector => {
  const kept = readKept(keptSchema, saved);
  const recent = createRecent(kept?.recent ?? null);
  let usual = kept?.usual ?? null;
  let seen = kept?.seen ?? 0;
  let stretches: readonly Stretch[] = kept?.stretches ?? [NO_RUN];
  const learn = (value: number): void => {
    seen += 1;
    if (usual !== null) {
      stretches = nextRunLengths(stretches, (value - usual[0]) / usual[1], 1 / definition.everyBuckets);
      return;
    }
    if (seen < LEARNS) return;
    const learnt = valuesBefore(recent, 0, LEARNS);
    const { level, spread } = levelOf(learnt);
    usual = [level, spread];
    for (const one of learnt.toReversed())
      stretches = nextRunLengths(stretches, (one - level) / spread, 1 / definition.everyBuckets);
  };
  return {
    judge: (observation) => {
      recent.put(observation, CHANGEPOINT_REMEMBERS);
      if (observation.value === null) return NOTHING_MEASURED;
      learn(observation.value);
      const known = seen - definition.confirm - TOLD_FOR;
      if (known < LEARNS) return unjudged("LEARNING", "too few values are known to tell a change from a beginning");
      return judged(recent, stretches, definition);
    },
    save: () => ({ recent: recent.save(), usual, seen, stretches }),
  };
};
