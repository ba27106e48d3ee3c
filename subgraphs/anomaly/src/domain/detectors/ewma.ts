import { z } from "zod";
import type { Detector, Weighed } from "./detector.ts";
import type { EwmaDefinition } from "./detector-definition.ts";
import { counts, boundedScore, MAX_WEIGHED, NOTHING_MEASURED, sideOf, spreadOf, told, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";
import { createRecent, recentSchema, type Recent } from "./recent.ts";

const keptSchema = z.object({ average: z.number(), averaged: z.number().int().min(0), recent: recentSchema });

/** Mean and standard deviation of what was measured in the buckets before the latest. */
const baselineOf = (recent: Recent, buckets: number) => {
  let [known, sum, squares] = [0, 0, 0];
  const upTo = Math.min(recent.held() - 1, buckets);
  for (let ago = 1; ago <= upTo; ago += 1) {
    const value = recent.valueAgo(ago);
    if (Number.isNaN(value)) continue;
    known += 1;
    sum += value;
  }
  const mean = sum / Math.max(1, known);
  for (let ago = 1; ago <= upTo; ago += 1) {
    const value = recent.valueAgo(ago);
    if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  }
  return { known, mean, deviation: Math.sqrt(squares / Math.max(1, known - 1)) };
};

/** What the latest values weigh in the average, the latest first. */
const weighedIn = (recent: Recent, lambda: number): readonly Weighed[] => {
  const weighed: Weighed[] = [];
  let share = lambda;
  for (let ago = 0; ago < recent.held() && weighed.length < MAX_WEIGHED; ago += 1) {
    if (Number.isNaN(recent.valueAgo(ago))) continue;
    weighed.push({ atMs: recent.atMsAgo(ago), share });
    share *= 1 - lambda;
  }
  return weighed;
};

/**
 * The control chart of an exponentially weighted moving average (Roberts, "Control Chart Tests Based on Geometric Moving Averages", Technometrics 1 (1959)): the average
 * z = lambda x + (1 - lambda) z may lie `limit` of its own standard deviations, sigma sqrt(lambda / (2 - lambda) (1 - (1 - lambda)^2t)), from the mean. Mean and sigma are those of
 * the buckets before, so that a level that lasts becomes the usual one.
 */
export const createEwma = (definition: EwmaDefinition, saved: unknown): Detector => {
  const { lambda, limit, baseline, minimumDeviation, sides } = definition;
  const kept = readKept(keptSchema, saved);
  const recent = createRecent(kept?.recent ?? null);
  let [average, averaged] = [kept?.average ?? 0, kept?.averaged ?? 0];
  const widthOf = (mean: number, deviation: number): number => {
    const share = (lambda / (2 - lambda)) * (1 - (1 - lambda) ** (2 * averaged));
    return limit * spreadOf(Math.max(deviation, minimumDeviation) * Math.sqrt(share), mean);
  };
  return {
    judge: (observation) => {
      const { value } = observation;
      recent.put(observation, baseline + 1);
      if (value === null) return NOTHING_MEASURED;
      const { known, mean, deviation } = baselineOf(recent, baseline);
      if (2 * known < baseline) return unjudged("LEARNING", `${known} of the ${baseline} buckets before are known`);
      const before = averaged === 0 ? mean : average;
      average = lambda * value + (1 - lambda) * before;
      averaged += 1;
      const width = widthOf(mean, deviation);
      const side = sideOf(average, mean);
      const counted = counts(sides, side);
      const bound = (ofAverage: number): number => before + (ofAverage - before) / lambda;
      return {
        outcome: counted && Math.abs(average - mean) > width ? "ANOMALOUS" : "NORMAL",
        score: counted ? boundedScore(Math.abs(average - mean) / width) : 0,
        expected: mean,
        low: sides === "ABOVE" ? null : bound(mean - width),
        high: sides === "BELOW" ? null : bound(mean + width),
        side,
        weighed: weighedIn(recent, lambda),
        because: `the average of the latest values is ${told(average)}, and ${told(mean)} give or take ${told(width)} was usual`,
      };
    },
    save: () => ({ average, averaged, recent: recent.save() }),
  };
};
