import { bandAbout, type Heights } from "./conditional-band.ts";
import type { Finding, Weighed } from "./detector.ts";
import { boundedScore, sideOf, told } from "./finding.ts";
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

/** What a detector of rare points can tell of the latest one. */
export interface LookedAt {
  readonly strangeness: number;
  /** Per value of the point, the latest first, how much it set the point apart. */
  readonly bits: Float64Array;
  /** How usual each value would be in place of the latest. */
  readonly heights: () => Heights;
  /** How usual at least is what is no stranger. */
  readonly heightOf: (strangeness: number) => number;
  /** The least and the greatest of the values that were learnt. */
  readonly range: readonly [number, number];
}

/** Heights that are found once where points have one dimension: then nothing but the newest value decides. */
export const foundOnce = (dimensions: number, heights: (point: Point) => Heights): ((point: Point) => Heights) => {
  let found: Heights | null = null;
  return (point) => {
    if (dimensions > 1) return heights(point);
    found ??= heights(point);
    return found;
  };
};

/** The least and the greatest value of points. */
export const rangeOf = (points: readonly Point[]): readonly [number, number] => {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const point of points)
    for (const value of point) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  return [least, most];
};

/** The values of the point by how much they set it apart; alike where nothing did. */
const weighedOf = (recent: Recent, bits: Float64Array): readonly Weighed[] => {
  const all = bits.reduce((sum, one) => sum + one, 0);
  return Array.from(bits, (of, ago) => ({
    atMs: recent.atMsAgo(ago),
    share: all > 0 ? of / all : 1 / bits.length,
  })).toSorted((one, other) => other.share - one.share);
};

/** A finding of a point whose chance is told by the strangeness of all that were seen before; null while too few were. It learns the strangeness. */
export const judgeRarity = (
  tail: Tail,
  looked: LookedAt,
  of: { readonly value: number; readonly recent: Recent; readonly rarity: number },
): Finding | null => {
  const { strangeness, bits, range } = looked;
  const limit = tail.distanceAt(of.rarity);
  const surprise = tail.surprise(strangeness);
  tail.learn(strangeness);
  if (limit === null) return null;
  const score = boundedScore(surprise / of.rarity);
  const among = surprise === 0 ? "one of the more usual" : `one of ${told(10 ** surprise)}`;
  const by = { atLeast: looked.heightOf(limit), normal: score <= 1, range };
  const { expected, low, high, empty } = bandAbout(looked.heights(), of.value, by);
  const usual = empty
    ? "no value would have been usual after those before it"
    : `${told(expected)} is most usual there`;
  return {
    outcome: score > 1 ? "ANOMALOUS" : "NORMAL",
    score,
    ...{ expected, low, high, side: sideOf(of.value, expected) },
    weighed: weighedOf(of.recent, bits),
    because: `the latest ${bits.length} values together are ${among}, and ${usual}`,
  };
};
