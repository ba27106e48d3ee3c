import { createHeights, type Heights } from "./conditional-band.ts";
import { chanceFrom } from "./tree-random.ts";

/** A point: values of as many dimensions as all its like, the newest first. */
export type Point = readonly number[];

/** Euler's constant. */
const EULER = 0.577_215_664_901_532_9;
/** What a leaf splits. */
const NOTHING = -1;

/** The mean length of a path that finds nothing in a search tree of so many points. */
export const pathOf = (points: number): number => {
  if (points <= 1) return 0;
  if (points === 2) return 1;
  return 2 * (Math.log(points - 1) + EULER) - (2 * (points - 1)) / points;
};

/** Nodes of trees, each one a place in every column. The lesser points of a split are in the node that follows it. */
interface Columns<Whole, Real> {
  /** Which dimension is split; {@link NOTHING} of a leaf. */
  readonly dimension: Whole;
  /** Where it is split. */
  readonly at: Real;
  /** The node of the points that are not less. */
  readonly more: Whole;
  /** The length of the path to a leaf. */
  readonly path: Real;
  /** One of how many points of the node above is here, as a logarithm to base 2. */
  readonly bits: Real;
}
type Growing = Columns<number[], number[]>;
type Nodes = Columns<Int32Array, Float64Array>;

/** Puts a node at the end, and says where that is. */
const put = (nodes: Growing, dimension: number, at: number, path: number, bits: number): number => {
  nodes.dimension.push(dimension);
  nodes.at.push(at);
  nodes.path.push(path);
  nodes.bits.push(bits);
  return nodes.more.push(0) - 1;
};

/** Puts those of some places first whose value is less, and says how many they are. */
const partition = (
  places: Int32Array,
  [from, to]: readonly [number, number],
  values: Float64Array,
  at: number,
): number => {
  let end = from;
  for (let one = from; one < to; one += 1) {
    const place = places[one] ?? 0;
    if ((values[place] ?? 0) >= at) continue;
    places[one] = places[end] ?? 0;
    places[end] = place;
    end += 1;
  }
  return end - from;
};

/** Grows a tree at the end of the nodes, of the points whose places are given; `columns` has their values by dimension. */
const growTree = (
  nodes: Growing,
  columns: readonly Float64Array[],
  places: Int32Array,
  { deepest, chance }: { readonly deepest: number; readonly chance: () => number },
): void => {
  const none = new Float64Array();
  const grow = (from: number, to: number, depth: number, above: number): void => {
    const points = to - from;
    const dimension = Math.floor(chance() * (points === 0 ? 0 : columns.length));
    const values = columns[dimension] ?? none;
    const bits = Math.log2(above / Math.max(1, points));
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let one = from; one < to; one += 1) {
      const value = values[places[one] ?? 0] ?? 0;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const splits = depth > 0 && points > 1 && least < most;
    const at = splits ? least + chance() * (most - least) : 0;
    const less = splits ? partition(places, [from, to], values, at) : 0;
    if (less === 0) return void put(nodes, NOTHING, 0, deepest - depth + pathOf(points), bits);
    const node = put(nodes, dimension, at, 0, bits);
    grow(from, from + less, depth - 1, points);
    nodes.more[node] = nodes.dimension.length;
    grow(from + less, to, depth - 1, points);
  };
  grow(0, places.length, deepest, Math.max(1, places.length));
};

/** So many of the first whole numbers, drawn by chance without putting back. */
const draw = (all: number, count: number, chance: () => number): Int32Array => {
  const drawn = Int32Array.from({ length: all }, (_, place) => place);
  for (let place = 0; place < count; place += 1) {
    const other = place + Math.floor(chance() * (all - place));
    const one = drawn[place] ?? 0;
    drawn[place] = drawn[other] ?? 0;
    drawn[other] = one;
  }
  return drawn.subarray(0, count);
};

/** How a forest is grown. */
export interface ForestSettings {
  readonly trees: number;
  /** Points that a tree is grown of. */
  readonly sample: number;
  readonly seed: number;
}

/** What a forest says of a point. */
export interface Isolated {
  /** 2^(-E(h) / c(n)), from 0 to 1; 0.5 is usual. */
  readonly strangeness: number;
  /** Per dimension by how many halvings of the points its splits set the point apart, over all trees. */
  readonly bits: Float64Array;
}

/** An isolation forest. */
export interface Forest {
  readonly look: (point: Point) => Isolated;
  /** How long the ways of all trees would be together to each value in place of a point's first. They stand until others are asked for. */
  readonly heights: (point: Point) => Heights;
  /** How long those ways are at least to what is no stranger. */
  readonly heightOf: (strangeness: number) => number;
}

/** The lengths of the ways to a point in all trees together, and what each dimension adds to setting it apart. */
const wayTo = ({ dimension, at, more, path, bits }: Nodes, roots: readonly number[], point: Point) => {
  const apart = new Float64Array(point.length);
  let paths = 0;
  for (const root of roots) {
    let node = root;
    for (let along = dimension[node] ?? NOTHING; along !== NOTHING; along = dimension[node] ?? NOTHING) {
      node = (point[along] ?? 0) < (at[node] ?? 0) ? node + 1 : (more[node] ?? 0);
      apart[along] = (apart[along] ?? 0) + (bits[node] ?? 0);
    }
    paths += path[node] ?? 0;
  }
  return { paths, bits: apart };
};

/** The way to each value in place of a point's first, tree by tree: a split of the first dimension is passed on both sides, of another on the point's. */
const conditionalHeights = (
  { dimension, at: split, more, path }: Nodes,
  roots: readonly number[],
): ((point: Point) => Heights) => {
  const splits = [...dimension.keys()].filter((node) => dimension[node] === 0);
  const { rank, rises, build } = createHeights(splits.map((node) => split[node] ?? 0));
  const rankOf = new Int32Array(dimension.length);
  splits.forEach((node, at) => (rankOf[node] = rank[at] ?? 0));
  const waiting = new Int32Array(dimension.length);
  return (point) => {
    rises.fill(0);
    let first = 0;
    for (const root of roots) {
      let [node, before, last, held] = [root, 0, NOTHING, 0];
      for (;;) {
        const along = dimension[node] ?? NOTHING;
        if (along === 0) {
          waiting[held] = node;
          held += 1;
          node += 1;
        } else if (along > 0) node = (point[along] ?? 0) < (split[node] ?? 0) ? node + 1 : (more[node] ?? 0);
        else {
          const here = path[node] ?? 0;
          const place = rankOf[last] ?? 0;
          if (last === NOTHING) first += here;
          else rises[place] = (rises[place] ?? 0) + here - before;
          if (held === 0) break;
          held -= 1;
          [before, last] = [here, waiting[held] ?? 0];
          node = more[last] ?? 0;
        }
      }
    }
    return build(first);
  };
};

/**
 * An isolation forest (Liu, Ting and Zhou, "Isolation Forest", ICDM 2008): the fewer random splits set a point apart, the more of an anomaly it is.
 */
export const growForest = (points: readonly Point[], { trees, sample, seed }: ForestSettings): Forest => {
  const chance = chanceFrom(seed);
  const count = Math.min(sample, points.length);
  const depth = Math.ceil(Math.log2(Math.max(2, count)));
  const columns = Array.from({ length: points[0]?.length ?? 0 }, (_, dimension) =>
    Float64Array.from(points, (point) => point[dimension] ?? 0),
  );
  const growing: Growing = { dimension: [], at: [], more: [], path: [], bits: [] };
  const roots = Array.from({ length: trees }, () => {
    const root = growing.dimension.length;
    growTree(growing, columns, draw(points.length, count, chance), { deepest: depth, chance });
    return root;
  });
  const nodes: Nodes = {
    ...{ dimension: Int32Array.from(growing.dimension), more: Int32Array.from(growing.more) },
    ...{ at: Float64Array.from(growing.at), path: Float64Array.from(growing.path) },
    bits: Float64Array.from(growing.bits),
  };
  const usual = Math.max(1, pathOf(count));
  let conditional: ((point: Point) => Heights) | null = null;
  return {
    look: (point) => {
      const { paths, bits } = wayTo(nodes, roots, point);
      return { strangeness: 2 ** (-paths / trees / usual), bits };
    },
    heights: (point) => {
      conditional ??= conditionalHeights(nodes, roots);
      return conditional(point);
    },
    heightOf: (strangeness) => -Math.log2(strangeness) * usual * trees,
  };
};
