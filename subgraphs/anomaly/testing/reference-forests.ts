// What isolation forests are defined to say, from trees that keep their points: each question is asked of all points anew.
import { chanceFrom } from "../src/domain/detectors/tree-random.ts";

type Point = readonly number[];
interface Tree {
  readonly points: readonly Point[];
  readonly split: { readonly dimension: number; readonly at: number; readonly less: Tree; readonly more: Tree } | null;
}

const meanPath = (points: number): number => {
  if (points <= 1) return 0;
  if (points === 2) return 1;
  return 2 * (Math.log(points - 1) + 0.577_215_664_901_532_9) - (2 * (points - 1)) / points;
};

const treeOf = (points: readonly Point[], depth: number, chance: () => number): Tree => {
  const dimension = Math.floor(chance() * (points[0]?.length ?? 0));
  const values = points.map((point) => point[dimension] ?? 0);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (depth === 0 || points.length <= 1 || least === most) return { points, split: null };
  const at = least + chance() * (most - least);
  const [less, more] = [
    points.filter((one) => (one[dimension] ?? 0) < at),
    points.filter((one) => (one[dimension] ?? 0) >= at),
  ];
  if (less.length === 0) return { points, split: null };
  return {
    points,
    split: { dimension, at, less: treeOf(less, depth - 1, chance), more: treeOf(more, depth - 1, chance) },
  };
};

/** The nodes on the way to a point, the root first. */
const wayTo = (tree: Tree, point: Point): readonly Tree[] => {
  const { split } = tree;
  if (split === null) return [tree];
  return [tree, ...wayTo((point[split.dimension] ?? 0) < split.at ? split.less : split.more, point)];
};

const splitsOf = ({ split }: Tree): readonly { readonly dimension: number; readonly at: number }[] =>
  split === null ? [] : [split, ...splitsOf(split.less), ...splitsOf(split.more)];

/** A forest of whole trees, grown by the same chance as the detector's. */
export const referenceForest = (
  points: readonly Point[],
  { trees, sample, seed }: { readonly trees: number; readonly sample: number; readonly seed: number },
) => {
  const chance = chanceFrom(seed);
  const count = Math.min(sample, points.length);
  const forest = Array.from({ length: trees }, () => {
    const left = points.map((point) => point);
    for (let place = 0; place < count; place += 1) {
      const other = place + Math.floor(chance() * (left.length - place));
      const [one, two] = [left[place] ?? [], left[other] ?? []];
      left[place] = two;
      left[other] = one;
    }
    return treeOf(left.slice(0, count), Math.ceil(Math.log2(Math.max(2, count))), chance);
  });
  const usual = Math.max(1, meanPath(count));
  return {
    strangeness: (point: Point): number => {
      const lengths = forest.map((tree) => {
        const way = wayTo(tree, point);
        return way.length - 1 + meanPath(way.at(-1)?.points.length ?? 0);
      });
      return 2 ** (-lengths.reduce((sum, one) => sum + one, 0) / trees / usual);
    },
    /** Halvings of points by splits of each dimension on the ways to a point. */
    bits: (point: Point): readonly number[] =>
      point.map((_, dimension) =>
        forest.reduce((sum, tree) => {
          const way = wayTo(tree, point);
          return way.reduce((all, node, at) => {
            const next = way[at + 1];
            return next === undefined || node.split?.dimension !== dimension
              ? all
              : all + Math.log2(node.points.length / next.points.length);
          }, sum);
        }, 0),
      ),
    /** Places of all splits of the first dimension. */
    edges: (): readonly number[] =>
      forest.flatMap((tree) => splitsOf(tree).flatMap(({ dimension, at }) => (dimension === 0 ? [at] : []))),
  };
};

/** The band by trying every stretch between two edges: the values about one that are normal without a break, or those nearest to it. */
export const bandByTrying = (
  edges: readonly number[],
  value: number,
  isNormal: (value: number) => boolean,
): { readonly low: number; readonly high: number } | null => {
  const ends = [
    Number.NEGATIVE_INFINITY,
    ...new Set(edges.toSorted((one, other) => one - other)),
    Number.POSITIVE_INFINITY,
  ];
  const within = (from: number, to: number): number => {
    if (Number.isFinite(from) && Number.isFinite(to)) return (from + to) / 2;
    if (Number.isFinite(from)) return from + 1;
    return Number.isFinite(to) ? to - 1 : 0;
  };
  const stretches: { low: number; high: number }[] = [];
  for (const [at, low] of ends.slice(0, -1).entries()) {
    const high = ends[at + 1] ?? Number.NaN;
    if (!isNormal(within(low, high))) continue;
    const last = stretches.at(-1);
    if (last?.high === low) last.high = high;
    else stretches.push({ low, high });
  }
  const distance = ({ low, high }: { low: number; high: number }): number => {
    if (value < low) return low - value;
    return value >= high ? value - high : 0;
  };
  return stretches.reduce<{ low: number; high: number } | null>(
    (best, one) => (best === null || distance(one) < distance(best) ? one : best),
    null,
  );
};
