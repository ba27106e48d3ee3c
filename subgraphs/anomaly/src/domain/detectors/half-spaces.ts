import { createHeights, type Heights } from "./conditional-band.ts";
import type { Point } from "./isolation-trees.ts";
import { chanceFrom } from "./tree-random.ts";

/** Half-space trees over a space that is [0, 1] in each dimension; what lies beyond is counted at its border. */
export interface HalfSpaces {
  /** Counts a point of the reference window in. */
  readonly count: (point: Point) => void;
  /** Mean over trees of the mass where a point lies times 2 to the power of its depth: the greater, the more usual. And per dimension by how many halvings of the points its splits set the point apart, over all trees. */
  readonly look: (point: Point) => { readonly mass: number; readonly bits: Float64Array };
  /** The mass about each value in place of a point's first, of all trees together, once all points are counted in. They stand until others are asked for. */
  readonly heights: (point: Point) => Heights;
}

/** How half-space trees are laid out. */
export interface HalfSpaceSettings {
  readonly trees: number;
  readonly depth: number;
  readonly dimensions: number;
  readonly seed: number;
  /** Points in a node from which on it is not looked into further. */
  readonly sizeLimit: number;
  /** Where in the first dimension of what is told a place of the space lies. */
  readonly edge: (place: number) => number;
}

interface Layout {
  /** Per inner node its dimension and where it halves its part of the space; children of node n are 2n + 1 and 2n + 2. */
  readonly dimension: Uint8Array;
  readonly middle: Float64Array;
  readonly counts: Float64Array;
}

/** The space of a tree: about a random place of each dimension, at least as wide as [0, 1] to both sides. */
const layOut = ({ depth, dimensions }: HalfSpaceSettings, chance: () => number): Layout => {
  const inner = 2 ** depth - 1;
  const layout = {
    dimension: new Uint8Array(inner),
    middle: new Float64Array(inner),
    counts: new Float64Array(2 * inner + 1),
  };
  const spaces = Array.from({ length: dimensions }, (): readonly [number, number] => {
    const place = chance();
    const wide = 2 * Math.max(place, 1 - place);
    return [place - wide, place + wide];
  });
  const halve = (node: number, space: readonly (readonly [number, number])[]): void => {
    if (node >= inner) return;
    const dimension = Math.floor(chance() * dimensions);
    const [from, to] = space[dimension] ?? [0, 1];
    const middle = (from + to) / 2;
    layout.dimension[node] = dimension;
    layout.middle[node] = middle;
    halve(
      2 * node + 1,
      space.map((part, place) => (place === dimension ? [from, middle] : part)),
    );
    halve(
      2 * node + 2,
      space.map((part, place) => (place === dimension ? [middle, to] : part)),
    );
  };
  halve(0, spaces);
  return layout;
};

/** The mass about each value in place of a point's first, tree by tree: a half of the first dimension is looked into on both sides, of another on the point's. */
const conditionalHeights = (
  layouts: readonly Layout[],
  { depth, sizeLimit, edge }: HalfSpaceSettings,
): HalfSpaces["heights"] => {
  const inner = 2 ** depth - 1;
  const splits = layouts.flatMap(({ middle }) => [...middle].map(edge));
  const { rank, rises, build } = createHeights(splits);
  return (point) => {
    rises.fill(0);
    let [first, before, split] = [0, 0, -1];
    for (const [tree, { counts, dimension, middle }] of layouts.entries()) {
      [before, split] = [0, -1];
      const pass = (node: number, weight: number): void => {
        const here = counts[node] ?? 0;
        if (node >= inner || here <= sizeLimit) {
          const mass = here * weight;
          if (split < 0) first += mass;
          else rises[split] = (rises[split] ?? 0) + mass - before;
          before = mass;
        } else if (dimension[node] === 0) {
          pass(2 * node + 1, 2 * weight);
          split = rank[tree * inner + node] ?? 0;
          pass(2 * node + 2, 2 * weight);
        } else pass(2 * node + ((point[dimension[node] ?? 0] ?? 0) < (middle[node] ?? 0) ? 1 : 2), 2 * weight);
      };
      pass(0, 1);
    }
    return build(first);
  };
};

/** Streaming half-space trees (Tan, Ting and Liu, "Fast Anomaly Detection for Streaming Data", IJCAI 2011), before the first point is counted. */
export const createHalfSpaces = (settings: HalfSpaceSettings): HalfSpaces => {
  const { trees, depth, dimensions, sizeLimit } = settings;
  const chance = chanceFrom(settings.seed);
  const layouts = Array.from({ length: trees }, () => layOut(settings, chance));
  const inner = 2 ** depth - 1;
  const heightsAlong = conditionalHeights(layouts, settings);
  const childOf = ({ dimension, middle }: Layout, node: number, point: Point): number =>
    2 * node + ((point[dimension[node] ?? 0] ?? 0) < (middle[node] ?? 0) ? 1 : 2);
  return {
    count: (point) => {
      for (const layout of layouts) {
        for (let node = 0; ; node = childOf(layout, node, point)) {
          layout.counts[node] = (layout.counts[node] ?? 0) + 1;
          if (node >= inner) break;
        }
      }
    },
    look: (point) => {
      const bits = new Float64Array(dimensions);
      let sum = 0;
      for (const { counts, dimension, middle } of layouts) {
        let [node, weight] = [0, 1];
        let here = counts[0] ?? 0;
        while (node < inner && here > sizeLimit) {
          const along = dimension[node] ?? 0;
          node = 2 * node + ((point[along] ?? 0) < (middle[node] ?? 0) ? 1 : 2);
          weight *= 2;
          const above = here;
          here = counts[node] ?? 0;
          bits[along] = (bits[along] ?? 0) + Math.log2((above + 1) / (here + 1));
        }
        sum += here * weight;
      }
      return { mass: sum / trees, bits };
    },
    heights: heightsAlong,
  };
};
