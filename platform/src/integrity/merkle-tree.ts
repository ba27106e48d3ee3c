import { createHash } from "node:crypto";

/** A SHA-256, 32 bytes. */
export type TreeHash = Uint8Array;

/** A perfect subtree: the leaves from `index * 2^level` on, `2^level` of them. Level 0 is a leaf. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Leaves from `begin` to before `end`. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** Root of the tree without leaves: the hash of nothing (RFC 9162, 2.1.1). */
export const EMPTY_ROOT: TreeHash = createHash("sha256").digest();

/** Hash of a leaf: SHA-256 of 0x00 and the data (RFC 9162, 2.1.1; RFC 6962 alike). */
export const leafHash = (data: Uint8Array | string): TreeHash =>
  createHash("sha256").update(LEAF_PREFIX).update(data).digest();

/** Hash of an inner node: SHA-256 of 0x01 and both children (RFC 9162, 2.1.1; RFC 6962 alike). */
export const nodeHash = (left: TreeHash, right: TreeHash): TreeHash =>
  createHash("sha256").update(NODE_PREFIX).update(left).update(right).digest();

/** True when both hashes are the same bytes. */
export const sameHash = (one: TreeHash, other: TreeHash): boolean => Buffer.compare(one, other) === 0;

/** The root of neighbouring subtrees that shrink from left to right, as those of a range that begins at a multiple of its size. */
export const foldHashes = (hashes: readonly TreeHash[]): TreeHash =>
  hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));

/** The fewest perfect subtrees that make up a range, from left to right. */
export const nodesOf = ({ begin, end }: LeafRange): readonly TreeNode[] => {
  const nodes: TreeNode[] = [];
  for (let position = begin; position < end;) {
    let [level, size] = [0, 1];
    while (position % (size * 2) === 0 && position + size * 2 <= end) [level, size] = [level + 1, size * 2];
    nodes.push({ level, index: position / size });
    position += size;
  }
  return nodes;
};

/** Largest power of two below a number above one. */
const splitOf = (size: number): number => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/** The ranges whose roots prove that leaf `index` is in the tree of `size` leaves, in order of the proof (PATH of RFC 9162, 2.1.3.1). */
export const inclusionRanges = (index: number, size: number): readonly LeafRange[] => {
  const path: LeafRange[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    path.push(index < middle ? { begin: middle, end } : { begin, end: middle });
    [begin, end] = index < middle ? [begin, middle] : [middle, end];
  }
  return path.toReversed();
};

/** The ranges whose roots prove that the tree of `from` leaves is the beginning of that of `to` (SUBPROOF of RFC 9162, 2.1.4.1). */
export const consistencyRanges = (from: number, to: number): readonly LeafRange[] => {
  const path: LeafRange[] = [];
  let [begin, end] = [0, to];
  while (from < end) {
    const middle = begin + splitOf(end - begin);
    path.push(from <= middle ? { begin: middle, end } : { begin, end: middle });
    [begin, end] = from <= middle ? [begin, middle] : [middle, end];
  }
  return [...(begin === 0 ? [] : [{ begin, end }]), ...path.toReversed()];
};

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

/** Whether a proof shows that a leaf is at `index` of the tree with this size and root (RFC 9162, 2.1.3.2). */
export const verifyInclusion = (
  leaf: TreeHash,
  place: { readonly index: number; readonly size: number },
  proof: readonly TreeHash[],
  root: TreeHash,
): boolean => {
  if (place.index >= place.size) return false;
  let [first, second, reached] = [place.index, place.size - 1, leaf];
  for (const hash of proof) {
    if (second === 0) return false;
    if (isOdd(first) || first === second) {
      reached = nodeHash(hash, reached);
      while (!isOdd(first) && first !== 0) [first, second] = [half(first), half(second)];
    } else reached = nodeHash(reached, hash);
    [first, second] = [half(first), half(second)];
  }
  return second === 0 && sameHash(reached, root);
};

/** Whether a proof shows that one tree, not empty, is the beginning of another (RFC 9162, 2.1.4.2). */
export const verifyConsistency = (
  from: { readonly size: number; readonly root: TreeHash },
  to: { readonly size: number; readonly root: TreeHash },
  proof: readonly TreeHash[],
): boolean => {
  if (from.size === to.size) return proof.length === 0 && sameHash(from.root, to.root);
  if (from.size < 1 || from.size > to.size || proof.length === 0) return false;
  const isPowerOfTwo = splitOf(from.size + 1) === from.size;
  const [start, ...rest] = isPowerOfTwo ? [from.root, ...proof] : proof;
  if (start === undefined) return false;
  let [first, second] = [from.size - 1, to.size - 1];
  while (isOdd(first)) [first, second] = [half(first), half(second)];
  let [older, newer] = [start, start];
  for (const hash of rest) {
    if (second === 0) return false;
    if (isOdd(first) || first === second) {
      [older, newer] = [nodeHash(hash, older), nodeHash(hash, newer)];
      while (!isOdd(first) && first !== 0) [first, second] = [half(first), half(second)];
    } else newer = nodeHash(newer, hash);
    [first, second] = [half(first), half(second)];
  }
  return second === 0 && sameHash(older, from.root) && sameHash(newer, to.root);
};

/** A tree that grows at its right end and remembers no more than one hash per level. */
export interface GrowingTree {
  /** Leaves so far. */
  readonly size: () => number;
  readonly root: () => TreeHash;
  /** Adds a leaf, or a perfect subtree; throws RangeError where a subtree of that level can't begin. */
  readonly append: (hash: TreeHash, level?: number) => void;
}

/** Makes a tree of nothing, which tells of each perfect subtree that becomes complete, the appended one included. */
export const growingTree = (onNode: (node: TreeNode, hash: TreeHash) => void = () => undefined): GrowingTree => {
  const subtrees: { level: number; hash: TreeHash }[] = [];
  let size = 0;
  return {
    size: () => size,
    root: () => foldHashes(subtrees.map(({ hash }) => hash)),
    append: (appended, atLevel = 0) => {
      const leaves = 2 ** atLevel;
      if (size % leaves !== 0) throw new RangeError(`A subtree of ${leaves} leaves can't begin at leaf ${size}.`);
      let [hash, level, index] = [appended, atLevel, size / leaves];
      onNode({ level, index }, hash);
      for (let last = subtrees.at(-1); last?.level === level; last = subtrees.at(-1)) {
        subtrees.pop();
        [hash, level, index] = [nodeHash(last.hash, hash), level + 1, half(index)];
        onNode({ level, index }, hash);
      }
      subtrees.push({ level, hash });
      size += leaves;
    },
  };
};
