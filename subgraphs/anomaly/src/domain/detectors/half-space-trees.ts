import { z } from "zod";
import type { Detector } from "./detector.ts";
import type { HalfSpaceTreesDefinition } from "./detector-definition.ts";
import { NOTHING_MEASURED, spreadOf, unjudged } from "./finding.ts";
import { createHalfSpaces } from "./half-spaces.ts";
import type { Point } from "./isolation-trees.ts";
import { readKept } from "./packed.ts";
import { foundOnce, judgeRarity, pointAt, pointsOf, rangeOf, type LookedAt } from "./points.ts";
import { createRecent, recentSchema, type Recent } from "./recent.ts";
import { createTail, tailSchema } from "./tail.ts";

/** Share of a window below which a node is not looked into further, as the authors take it. */
const SIZE_LIMIT = 0.1;
/** Where the trees' chance begins: they are the same for every series. */
const SEED = 1;

const keptSchema = z.object({
  recent: recentSchema,
  tail: tailSchema,
  /** Buckets since the reference window ended; null before the first one. */
  since: z.number().int().min(0).nullable(),
});

/** Buckets that are remembered: the reference window and the one that is under way. */
export const bucketsOfHalfSpaces = ({ window, dimensions }: HalfSpaceTreesDefinition): number =>
  2 * window + dimensions;

/** What the window that ended so long ago says of a point: how many times the mass about it is less than if all were there. */
const referenceOf = (
  recent: Recent,
  definition: HalfSpaceTreesDefinition,
  ago: number,
): ((point: Point) => LookedAt) => {
  const { window, dimensions, depth, trees } = definition;
  const points = pointsOf(recent, { ago, window, dimensions });
  const range = rangeOf(points);
  const [least, most] = range;
  const wide = spreadOf(most - least, most);
  const scaled = (point: Point): Point => point.map((value) => (value - least) / wide);
  const spaces = createHalfSpaces({
    ...{ ...definition, seed: SEED, sizeLimit: SIZE_LIMIT * window },
    edge: (place) => least + place * wide,
  });
  points.forEach((point) => spaces.count(scaled(point)));
  const heights = foundOnce(dimensions, spaces.heights);
  const all = window * 2 ** depth;
  return (point) => {
    const { mass, bits } = spaces.look(scaled(point));
    return {
      ...{ strangeness: all / (mass + SIZE_LIMIT * window), bits, range },
      heights: () => heights(scaled(point)),
      heightOf: (strangeness) => trees * (all / strangeness - SIZE_LIMIT * window),
    };
  };
};

/** Half-space trees over the latest values: the mass about them in the window before the present one; what is rare is told by the tail of all masses before. */
export const createHalfSpaceTrees = (definition: HalfSpaceTreesDefinition, saved: unknown): Detector => {
  const { window, dimensions, rarity } = definition;
  const kept = readKept(keptSchema, saved);
  const recent = createRecent(kept?.recent ?? null);
  const tail = createTail(kept?.tail ?? null);
  let since = kept?.since ?? null;
  let reference = since === null ? null : referenceOf(recent, definition, since);
  const age = (): void => {
    if (since !== null) since += 1;
    if (since === null ? recent.held() < window : since < window) return;
    since = 0;
    reference = referenceOf(recent, definition, 0);
  };
  return {
    judge: (observation) => {
      const { value } = observation;
      recent.put(observation, bucketsOfHalfSpaces(definition));
      const point = value === null ? null : pointAt(recent, 0, dimensions);
      const looked = point === null || reference === null ? null : reference(point);
      age();
      if (value === null) return NOTHING_MEASURED;
      if (looked === null) return unjudged("LEARNING", "too few values are known without a gap");
      const found = judgeRarity(tail, looked, { value, recent, rarity });
      return found ?? unjudged("LEARNING", "too few scores are known to tell which are rare");
    },
    save: () => ({ recent: recent.save(), tail: tail.save(), since }),
  };
};
