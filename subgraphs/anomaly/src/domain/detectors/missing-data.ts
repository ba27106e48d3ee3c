import { z } from "zod";
import type { Detector, Finding } from "./detector.ts";
import type { MissingDataDefinition } from "./detector-definition.ts";
import { boundedScore, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";

/** Hours of a week. */
const HOURS = 168;
/** Share of buckets that must usually hold something for one that holds nothing to be missed. */
const USUAL = 0.8;
/** Buckets of an hour of the week, and of all hours, over which their share is averaged: a habit that ended months ago is no expectation. */
const [OF_HOUR, OF_ALL] = [48, 2_016];
/** Buckets that must be known before a share of all of them means something. */
const MIN_KNOWN = 10;

const shareSchema = z.tuple([z.number().int().min(0), z.number().min(0).max(1)]);
const keptSchema = z.object({
  missing: z.number().int().min(0),
  lastMs: z.number().nullable(),
  all: shareSchema,
  hours: z.array(shareSchema).length(HOURS),
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
 * that hour is not known, held something. Buckets in which nothing was expected are not counted and end nothing.
 */
export const createMissingData = (definition: MissingDataDefinition, saved: unknown): Detector => {
  const { buckets, expects, zeroIsNothing } = definition;
  const kept = readKept(keptSchema, saved);
  const hours = kept?.hours ?? Array.from({ length: HOURS }, () => NONE);
  let all = kept?.all ?? NONE;
  let missing = kept?.missing ?? 0;
  let lastMs = kept?.lastMs ?? null;

  const isExpected = (hour: number): boolean => {
    if (lastMs === null) return false;
    if (expects === "ALWAYS") return true;
    const [known, share] = hours[hour] ?? NONE;
    return known > 0 ? share >= USUAL : all[0] >= MIN_KNOWN && all[1] >= USUAL;
  };
  const learn = (hour: number, held: boolean): void => {
    hours[hour] = learnt(hours[hour] ?? NONE, held, OF_HOUR);
    all = learnt(all, held, OF_ALL);
  };
  const finding = (): Finding => ({
    outcome: missing >= buckets ? "ANOMALOUS" : "NORMAL",
    score: boundedScore(missing / buckets),
    ...{ expected: null, low: null, high: null, side: missing > 0 ? "BELOW" : null },
    weighed: lastMs === null ? [] : [{ atMs: lastMs, share: 1 }],
    because:
      missing === 0 ? "something was measured, or nothing was expected" : `nothing in ${missing} expected buckets`,
  });

  return {
    judge: ({ atMs, value, hourOfWeek }) => {
      const held = value !== null && !(zeroIsNothing && value === 0);
      if (held) [missing, lastMs] = [0, atMs];
      else if (isExpected(hourOfWeek)) missing += 1;
      learn(hourOfWeek, held);
      return lastMs === null ? unjudged("LEARNING", "nothing was ever measured") : finding();
    },
    save: () => ({ missing, lastMs, all, hours: [...hours] }),
  };
};
