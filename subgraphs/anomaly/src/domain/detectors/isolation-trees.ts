import { chanceFrom } from "./tree-random.ts";

/** A point: values of as many dimensions as all its like. */
export type Point = readonly number[];

type Tree =
  | { readonly kind: "LEAF"; readonly points: number }
  | {
      readonly kind: "SPLIT";
      readonly dimension: number;
      readonly at: number;
      readonly less: Tree;
      readonly more: Tree;
    };

/** Euler's constant. */
const EULER = 0.577_215_664_901_532_9;

/** The mean length of a path that finds nothing in a search tree of so many points. */
export const pathOf = (points: number): number => {
  if (points <= 1) return 0;
  if (points === 2) return 1;
  return 2 * (Math.log(points - 1) + EULER) - (2 * (points - 1)) / points;
};

const grow = (points: readonly Point[], depth: number, chance: () => number): Tree => {
  const dimensions = points[0]?.length ?? 0;
  const dimension = Math.floor(chance() * dimensions);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const point of points) {
    const value = point[dimension] ?? 0;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (depth === 0 || points.length <= 1 || !(least < most)) return { kind: "LEAF", points: points.length };
  const at = least + chance() * (most - least);
  const isLess = (point: Point): boolean => (point[dimension] ?? 0) < at;
  const less = points.filter(isLess);
  if (less.length === 0) return { kind: "LEAF", points: points.length };
  const more = points.filter((point) => !isLess(point));
  return { kind: "SPLIT", dimension, at, less: grow(less, depth - 1, chance), more: grow(more, depth - 1, chance) };
};

/** How many points of a list, drawn by chance without putting back. */
const draw = (points: readonly Point[], count: number, chance: () => number): readonly Point[] => {
  const drawn = [...points];
  for (let place = 0; place < count && place < drawn.length; place += 1) {
    const other = place + Math.floor(chance() * (drawn.length - place));
    const [one, two] = [drawn[place], drawn[other]];
    if (one !== undefined && two !== undefined) [drawn[place], drawn[other]] = [two, one];
  }
  return drawn.slice(0, count);
};

const pathIn = (tree: Tree, point: Point): number => {
  let [at, passed] = [tree, 0];
  while (at.kind === "SPLIT") {
    at = (point[at.dimension] ?? 0) < at.at ? at.less : at.more;
    passed += 1;
  }
  return passed + pathOf(at.points);
};

/** How a forest is grown. */
export interface ForestSettings {
  readonly trees: number;
  /** Points that a tree is grown of. */
  readonly sample: number;
  readonly seed: number;
}

/**
 * An isolation forest (Liu, Ting and Zhou, "Isolation Forest", ICDM 2008): the fewer random splits set a point apart, the more of an anomaly it is. Gives the score
 * 2^(-E(h) / c(n)), from 0 to 1; 0.5 is usual.
 */
export const growForest = (
  points: readonly Point[],
  { trees, sample, seed }: ForestSettings,
): ((point: Point) => number) => {
  const chance = chanceFrom(seed);
  const count = Math.min(sample, points.length);
  const depth = Math.ceil(Math.log2(Math.max(2, count)));
  const forest = Array.from({ length: trees }, () => grow(draw(points, count, chance), depth, chance));
  const usual = Math.max(1, pathOf(count));
  return (point) => {
    const paths = forest.reduce((sum, tree) => sum + pathIn(tree, point), 0);
    return 2 ** (-paths / trees / usual);
  };
};
