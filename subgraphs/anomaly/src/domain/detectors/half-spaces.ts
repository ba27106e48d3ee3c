import type { Point } from "./isolation-trees.ts";
import { chanceFrom } from "./tree-random.ts";

/** Half-space trees over a space that is [0, 1] in each dimension; what lies beyond is counted at its border. */
export interface HalfSpaces {
  /** Counts a point of the reference window in. */
  readonly count: (point: Point) => void;
  /** Mean over trees of the mass where a point lies times 2 to the power of its depth: the greater, the more usual. */
  readonly mass: (point: Point) => number;
}

/** How half-space trees are laid out. */
export interface HalfSpaceSettings {
  readonly trees: number;
  readonly depth: number;
  readonly dimensions: number;
  readonly seed: number;
  /** Points in a node from which on it is not looked into further. */
  readonly sizeLimit: number;
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

/** Streaming half-space trees (Tan, Ting and Liu, "Fast Anomaly Detection for Streaming Data", IJCAI 2011), before the first point is counted. */
export const createHalfSpaces = (settings: HalfSpaceSettings): HalfSpaces => {
  const { trees, depth, sizeLimit } = settings;
  const chance = chanceFrom(settings.seed);
  const layouts = Array.from({ length: trees }, () => layOut(settings, chance));
  const inner = 2 ** depth - 1;
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
    mass: (point) => {
      let sum = 0;
      for (const layout of layouts) {
        let [node, weight] = [0, 1];
        while (node < inner && (layout.counts[node] ?? 0) > sizeLimit) {
          node = childOf(layout, node, point);
          weight *= 2;
        }
        sum += (layout.counts[node] ?? 0) * weight;
      }
      return sum / trees;
    },
  };
};
