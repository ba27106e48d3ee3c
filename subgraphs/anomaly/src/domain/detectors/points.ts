import type { Finding, Observation, Weighed } from "./detector.ts";
import { boundedScore, told } from "./finding.ts";
import type { Point } from "./isolation-trees.ts";
import type { Recent } from "./recent.ts";
import type { Tail } from "./tail.ts";

/** The latest values as one point, the value so long ago first; null when one of them was not measured. */
export const pointAt = (recent: Recent, ago: number, dimensions: number): Point | null => {
  if (ago + dimensions > recent.held()) return null;
  const point = Array.from({ length: dimensions }, (_, before) => recent.valueAgo(ago + before));
  return point.some(Number.isNaN) ? null : point;
};

/** The points of a window that ends so long ago. */
export const pointsOf = (
  recent: Recent,
  { ago, window, dimensions }: { ago: number; window: number; dimensions: number },
): readonly Point[] => {
  const points: Point[] = [];
  for (let one = ago; one < ago + window; one += 1) {
    const point = pointAt(recent, one, dimensions);
    if (point !== null) points.push(point);
  }
  return points;
};

const weighedOf = (recent: Recent, dimensions: number): readonly Weighed[] =>
  Array.from({ length: dimensions }, (_, ago) => ({ atMs: recent.atMsAgo(ago), share: 1 / dimensions }));

/** A finding of a strangeness whose chance is told by all that were seen before; null while too few were. It learns the strangeness. */
export const judgeRarity = (
  tail: Tail,
  strangeness: number,
  of: {
    readonly observation: Observation;
    readonly recent: Recent;
    readonly dimensions: number;
    readonly rarity: number;
  },
): Finding | null => {
  const known = tail.distanceAt(of.rarity) !== null;
  const surprise = tail.surprise(strangeness);
  tail.learn(strangeness);
  if (!known) return null;
  const score = boundedScore(surprise / of.rarity);
  const among = surprise === 0 ? "one of the more usual" : `one of ${told(10 ** surprise)}`;
  return {
    outcome: score > 1 ? "ANOMALOUS" : "NORMAL",
    score,
    ...{ expected: null, low: null, high: null, side: null },
    weighed: weighedOf(of.recent, of.dimensions),
    because: `the latest ${of.dimensions} values together are ${among}`,
  };
};
