import { z } from "zod";
import type { Detector, Finding } from "./detector.ts";
import type { MissingDataDefinition } from "./detector-definition.ts";
import { boundedScore, evenly, MAX_WEIGHED, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";
import { createUsualValues, usualValuesSchema } from "./usual-values.ts";

/** Hours of a week. */
const HOURS = 168;
/** Share of buckets that must usually hold something for one that holds nothing to be missed. */
const USUAL = 0.8;
/** Buckets of an hour of the week, and of all hours, over which their share is averaged: a habit that ended months ago is no expectation. */
const [OF_HOUR, OF_ALL] = [48, 2_016];
/** Buckets that must be known before a share of all of them means something, and the time they must be of: a day has its nights. */
const [MIN_KNOWN, KNOWN_MS] = [10, 86_400_000];

/** Standard deviations about its mean within which what an hour holds is told to be usual. */
const BAND = 2;

const shareSchema = z.tuple([z.number().int().min(0), z.number().min(0).max(1)]);
const keptSchema = z.object({
  missing: z.number().int().min(0),
  /** When the latest expected buckets that held nothing began, the latest first. */
  missed: z.array(z.number()).max(MAX_WEIGHED).default([]),
  lastMs: z.number().nullable(),
  all: shareSchema,
  hours: z.array(shareSchema).length(HOURS),
  held: usualValuesSchema.default(""),
});
type Share = z.infer<typeof shareSchema>;

/** A share after one more bucket, the later ones weighing at least as much as the earlier. */
const learnt = ([known, share]: Share, held: boolean, over: number): Share => {
  const count = Math.min(over, known + 1);
  return [count, share + ((held ? 1 : 0) - share) / count];
};

const NONE: Share = [0, 0];

/**
 * Nothing for so many buckets in which something was expected: always, once there was something; or as usual, where at least eight of ten buckets at that hour of the week, or of all while
 * that hour is not known and a day is, held something. Buckets in which nothing was expected are not counted and end nothing. What is told as expected is the mean of what that hour of the week held, and the
 * band two standard deviations about it: what would have been usual, since any value at all ends it.
 */
export const createMissingData = (definition: MissingDataDefinition, saved: unknown): Detector => {
  const { buckets, expects, zeroIsNothing } = definition;
  const kept = readKept(keptSchema, saved);
  const hours = kept?.hours ?? Array.from({ length: HOURS }, () => NONE);
  let all = kept?.all ?? NONE;
  const held = createUsualValues(OF_HOUR, kept?.held ?? null);
  let missing = kept?.missing ?? 0;
  let missed = kept?.missed ?? [];
  let lastMs = kept?.lastMs ?? null;

  const isExpected = (hour: number, widthMs: number): boolean => {
    if (lastMs === null) return false;
    if (expects === "ALWAYS") return true;
    const [known, share] = hours[hour] ?? NONE;
    return known > 0 ? share >= USUAL : all[0] >= Math.max(MIN_KNOWN, KNOWN_MS / widthMs) && all[1] >= USUAL;
  };
  const learn = (hour: number, something: boolean): void => {
    hours[hour] = learnt(hours[hour] ?? NONE, something, OF_HOUR);
    all = learnt(all, something, OF_ALL);
  };
  /** What is usual at an hour in which something is expected; of others nothing is. */
  const usualAt = (hour: number, widthMs: number): Pick<Finding, "expected" | "low" | "high"> => {
    const usual = isExpected(hour, widthMs) ? held.at(hour) : null;
    if (usual === null) return { expected: null, low: null, high: null };
    const { mean, deviation } = usual;
    return { expected: mean, low: mean - BAND * deviation, high: mean + BAND * deviation };
  };
  const finding = (atMs: number, since: number, usual: ReturnType<typeof usualAt>): Finding => ({
    outcome: missing >= buckets ? "ANOMALOUS" : "NORMAL",
    score: boundedScore(missing / buckets),
    ...{ ...usual, side: missing > 0 ? "BELOW" : null },
    weighed: missing === 0 ? evenly([atMs]) : evenly(missed, missing),
    because:
      missing === 0
        ? "something was measured, or nothing was expected"
        : `nothing in ${missing} expected buckets since that of ${new Date(since).toISOString().slice(0, 16)}Z`,
  });

  return {
    judge: ({ atMs, untilMs, value, hourOfWeek }) => {
      const widthMs = untilMs - atMs;
      const something = value !== null && !(zeroIsNothing && value === 0);
      const usual = usualAt(hourOfWeek, widthMs);
      if (something) [missing, missed, lastMs] = [0, [], atMs];
      else if (isExpected(hourOfWeek, widthMs)) {
        missing += 1;
        missed = [atMs, ...missed].slice(0, MAX_WEIGHED);
      }
      // Before anything ever came, nothing is no habit: a new event is missed from its first day on.
      if (lastMs !== null) learn(hourOfWeek, something);
      if (something) held.learn(hourOfWeek, value);
      return lastMs === null ? unjudged("LEARNING", "nothing was ever measured") : finding(atMs, lastMs, usual);
    },
    save: () => ({ missing, missed: [...missed], lastMs, all, hours: [...hours], held: held.save() }),
  };
};
