import { z } from "zod";
import type { Detector } from "./detector.ts";
import type { IsolationForestDefinition } from "./detector-definition.ts";
import { NOTHING_MEASURED, unjudged } from "./finding.ts";
import { growForest, type Point } from "./isolation-trees.ts";
import { readKept } from "./packed.ts";
import { foundOnce, judgeRarity, pointAt, pointsOf, rangeOf, type LookedAt } from "./points.ts";
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
  const { window, dimensions, trees, sample, rarity } = definition;
  const kept = readKept(keptSchema, saved);
  const recent = createRecent(kept?.recent ?? null);
  const tail = createTail(kept?.tail ?? null);
  let grown = kept?.grown ?? 0;
  let since = kept?.since ?? null;
  const grow = (ago: number): ((point: Point) => LookedAt) => {
    const points = pointsOf(recent, { ago, window, dimensions });
    const forest = growForest(points, { trees, sample, seed: grown });
    const range = rangeOf(points);
    const heights = foundOnce(dimensions, forest.heights);
    return (point) => ({
      ...{ ...forest.look(point), range, heightOf: forest.heightOf },
      heights: () => heights(point),
    });
  };
  let look = since === null ? null : grow(since);
  const age = (): void => {
    if (since !== null) since += 1;
    if (since === null ? recent.held() < window / 2 : since < window / PARTS) return;
    [grown, since] = [grown + 1, 0];
    look = grow(0);
  };
  return {
    judge: (observation) => {
      const { value } = observation;
      recent.put(observation, bucketsOfForest(definition));
      const point = value === null ? null : pointAt(recent, 0, dimensions);
      const looked = point === null || look === null ? null : look(point);
      age();
      if (value === null) return NOTHING_MEASURED;
      if (looked === null) return unjudged("LEARNING", "too few values are known without a gap");
      const found = judgeRarity(tail, looked, { value, recent, rarity });
      return found ?? unjudged("LEARNING", "too few scores are known to tell which are rare");
    },
    save: () => ({ recent: recent.save(), tail: tail.save(), grown, since }),
  };
};
