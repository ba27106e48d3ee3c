import { z } from "zod";
import type { Detector } from "./detector.ts";
import type { IsolationForestDefinition } from "./detector-definition.ts";
import { NOTHING_MEASURED, unjudged } from "./finding.ts";
import { growForest, type Point } from "./isolation-trees.ts";
import { readKept } from "./packed.ts";
import { judgeRarity, pointAt, pointsOf } from "./points.ts";
import { createRecent, recentSchema } from "./recent.ts";
import { createTail, tailSchema } from "./tail.ts";

/** Parts of a window after each of which the forest is grown anew. */
const PARTS = 2;

const keptSchema = z.object({
  recent: recentSchema,
  tail: tailSchema,
  /** Forests that were grown, and buckets since the last; null before the first. */
  grown: z.number().int().min(0),
  since: z.number().int().min(0).nullable(),
});

/** Buckets that are remembered: the window of which the forest was grown, and what came since. */
export const bucketsOfForest = ({ window, dimensions }: IsolationForestDefinition): number =>
  window + Math.ceil(window / PARTS) + dimensions;

/**
 * An isolation forest over the latest values, as many together as there are dimensions, grown anew of a sliding window after each half of it; a score is an anomaly by the tail of
 * all scores before it.
 */
export const createIsolationForest = (definition: IsolationForestDefinition, saved: unknown): Detector => {
  const { window, dimensions, trees, sample } = definition;
  const kept = readKept(keptSchema, saved);
  const recent = createRecent(kept?.recent ?? null);
  const tail = createTail(kept?.tail ?? null);
  let grown = kept?.grown ?? 0;
  let since = kept?.since ?? null;
  const grow = (ago: number): ((point: Point) => number) =>
    growForest(pointsOf(recent, { ago, window, dimensions }), { trees, sample, seed: grown });
  let forest = since === null ? null : grow(since);
  const age = (): void => {
    if (since !== null) since += 1;
    if (since === null ? recent.held() < window / 2 : since < window / PARTS) return;
    [grown, since] = [grown + 1, 0];
    forest = grow(0);
  };
  return {
    judge: (observation) => {
      recent.put(observation, bucketsOfForest(definition));
      const point = observation.value === null ? null : pointAt(recent, 0, dimensions);
      const strangeness = point === null || forest === null ? null : forest(point);
      age();
      if (observation.value === null) return NOTHING_MEASURED;
      if (strangeness === null) return unjudged("LEARNING", "too few values are known without a gap");
      const found = judgeRarity(tail, strangeness, { ...definition, observation, recent });
      return found ?? unjudged("LEARNING", "too few scores are known to tell which are rare");
    },
    save: () => ({ recent: recent.save(), tail: tail.save(), grown, since }),
  };
};
