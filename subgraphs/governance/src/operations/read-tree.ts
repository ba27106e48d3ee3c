import type { TenantId } from "@tessera/contracts/ids";
import {
  growingTree,
  nodesOf,
  type LeafRange,
  type TreeHash,
  type TreeNode,
} from "@tessera/platform/integrity/merkle-tree";
import type { NodeStore } from "../store/node-store.ts";

/** Levels between two kept ones: a subtree's root is computed from at most 128 kept hashes. */
const LEVELS_BETWEEN = 8;

/** The roots of the perfect subtrees that make up each range, from left to right; null when a hash they need is not there. */
export type ReadTree = (
  tenantId: TenantId,
  ranges: readonly LeafRange[],
) => Promise<readonly (readonly TreeHash[])[] | null>;

/** True for subtrees whose root is kept beside the leaves. */
export const isKept = ({ level }: TreeNode): boolean => level > 0 && level % LEVELS_BETWEEN === 0;

interface Needed {
  readonly level: number;
  readonly indexes: readonly number[];
}

/** The kept hashes below a subtree. */
const neededFor = ({ level, index }: TreeNode): Needed => {
  const kept = level - (level % LEVELS_BETWEEN);
  const count = 2 ** (level - kept);
  return { level: kept, indexes: Array.from({ length: count }, (_, place) => index * count + place) };
};

const rootOver = (hashes: readonly TreeHash[]): TreeHash => {
  const tree = growingTree();
  for (const hash of hashes) tree.append(hash);
  return tree.root();
};

/** Builds {@link ReadTree}: one statement per kept level, however many ranges are asked for. */
export const readTree =
  (nodes: NodeStore): ReadTree =>
  async (tenantId, ranges) => {
    const wanted = ranges.map((range) => nodesOf(range).map(neededFor));
    const indexes = new Map<number, Set<number>>();
    for (const { level, indexes: needed } of wanted.flat())
      indexes.set(level, new Set([...(indexes.get(level) ?? []), ...needed]));
    const hashes = new Map<string, TreeHash>();
    for (const [level, needed] of indexes)
      for (const node of await nodes.read(tenantId, level, [...needed]))
        hashes.set(`${level}/${node.index}`, node.hash);
    const rootOf = ({ level, indexes: needed }: Needed): TreeHash | null => {
      const found = needed.flatMap((index) => hashes.get(`${level}/${index}`) ?? []);
      return found.length === needed.length ? rootOver(found) : null;
    };
    const read = wanted.map((each) => each.map(rootOf));
    const complete = read.map((each) => each.filter((hash) => hash !== null));
    return complete.flat().length === read.flat().length ? complete : null;
  };

/** Appends to a tree what comes before a place, by the roots of its subtrees; false when they can't be read. */
export const appendBefore = async (
  read: ReadTree,
  tenantId: TenantId,
  tree: ReturnType<typeof growingTree>,
  end: number,
): Promise<boolean> => {
  const range = { begin: 0, end };
  const [hashes] = (await read(tenantId, [range])) ?? [];
  if (hashes === undefined) return false;
  for (const [place, { level }] of nodesOf(range).entries()) {
    const hash = hashes[place];
    if (hash !== undefined) tree.append(hash, level);
  }
  return true;
};
