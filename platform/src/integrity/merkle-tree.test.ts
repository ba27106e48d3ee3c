import { describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  consistencyRanges,
  EMPTY_ROOT,
  foldHashes,
  growingTree,
  inclusionRanges,
  leafHash,
  nodesOf,
  verifyConsistency,
  verifyInclusion,
  type LeafRange,
  type TreeHash,
} from "./merkle-tree.ts";

/** The leaves, roots and proofs that the reference implementation of Certificate Transparency is tested with. */
const CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const CT_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const N01 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const N4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

const hex = (hash: TreeHash): string => Buffer.from(hash).toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text, "hex");
const sha256 = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();

/** MTH, PATH and PROOF word for word as RFC 6962, 2.1, defines them, over the leaves' data. */
const largestPowerBelow = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
const mth = (leaves: readonly Buffer[]): Buffer => {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.from([0]), only);
  const k = largestPowerBelow(leaves.length);
  return sha256(Buffer.from([1]), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
};
const path = (m: number, leaves: readonly Buffer[]): readonly Buffer[] => {
  if (leaves.length <= 1) return [];
  const k = largestPowerBelow(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
};
const subproof = (m: number, leaves: readonly Buffer[], whole: boolean): readonly Buffer[] => {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = largestPowerBelow(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
};

/** What the incremental tree says: nodes as it told of them, ranges folded from nodes. */
const grown = (leaves: readonly Buffer[]) => {
  const nodes = new Map<string, TreeHash>();
  const tree = growingTree(({ level, index }, hash) => nodes.set(`${level}/${index}`, hash));
  const roots = [hex(tree.root())];
  for (const leaf of leaves) {
    tree.append(leafHash(leaf));
    roots.push(hex(tree.root()));
  }
  const node = (key: string): TreeHash => nodes.get(key) ?? bytes("");
  const hashesOf = (range: LeafRange) => nodesOf(range).map(({ level, index }) => node(`${level}/${index}`));
  const proofOf = (ranges: readonly LeafRange[]) => ranges.map((range) => foldHashes(hashesOf(range)));
  return { tree, roots, hashesOf, proofOf };
};
const ctLeaves = CT_LEAVES.map(bytes);
const someLeaves = fc.array(
  fc.uint8Array({ maxLength: 6 }).map((data) => Buffer.from(data)),
  { minLength: 1, maxLength: 70 },
);

describe("the tree of Certificate Transparency's reference implementation", () => {
  it("has the same root at every size", () => {
    expect(grown(ctLeaves).roots).toEqual(CT_ROOTS);
    expect(hex(EMPTY_ROOT)).toBe(CT_ROOTS[0]);
  });

  it.each([
    [0, 8, [N01, N23, N47]],
    [5, 8, [N4, N67, CT_ROOTS[4]]],
    [2, 3, [CT_ROOTS[2]]],
    [1, 5, [CT_ROOTS[1], N23, N4]],
  ])("has its inclusion proof of leaf %d in %d", (index, size, expected) => {
    const { proofOf } = grown(ctLeaves);
    expect(proofOf(inclusionRanges(index, size)).map(hex)).toEqual(expected);
  });

  it.each([
    [1, 8, [N01, N23, N47]],
    [6, 8, [N45, N67, CT_ROOTS[4]]],
    [2, 5, [N23, N4]],
  ])("has its consistency proof from %d to %d", (from, to, expected) => {
    const { proofOf } = grown(ctLeaves);
    expect(proofOf(consistencyRanges(from, to)).map(hex)).toEqual(expected);
  });
});

describe("the incremental tree and the definitions of RFC 6962", () => {
  it("agree on every root", () => {
    fc.assert(
      fc.property(someLeaves, (leaves) => {
        const { roots } = grown(leaves);
        expect(roots).toEqual([...leaves.keys(), leaves.length].map((size) => hex(mth(leaves.slice(0, size)))));
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it("agree on every proof, and every proof convinces", () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(), (leaves, a, b) => {
        const { proofOf } = grown(leaves);
        const size = (a % leaves.length) + 1;
        const root = mth(leaves.slice(0, size));
        const index = b % size;
        const inclusion = proofOf(inclusionRanges(index, size));
        expect(inclusion.map(hex)).toEqual(path(index, leaves.slice(0, size)).map(hex));
        expect(verifyInclusion(leafHash(leaves[index] ?? ""), { index, size }, inclusion, root)).toBe(true);
        const from = (b % size) + 1;
        const consistency = proofOf(consistencyRanges(from, size));
        expect(consistency.map(hex)).toEqual(subproof(from, leaves.slice(0, size), true).map(hex));
        expect(verifyConsistency({ size: from, root: mth(leaves.slice(0, from)) }, { size, root }, consistency)).toBe(
          true,
        );
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  it("agree when whole subtrees are appended, and a range between two sizes needs its own nodes alone", () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(), (leaves, a, b) => {
        const { hashesOf } = grown(leaves);
        const begin = a % leaves.length;
        const end = begin + (b % (leaves.length - begin + 1));
        const tree = growingTree();
        const whole = (range: LeafRange): void => {
          const hashes = hashesOf(range);
          for (const [place, { level }] of nodesOf(range).entries()) tree.append(hashes[place] ?? EMPTY_ROOT, level);
        };
        whole({ begin: 0, end: begin });
        for (const leaf of leaves.slice(begin, end)) tree.append(leafHash(leaf));
        whole({ begin: end, end: leaves.length });
        expect(hex(tree.root())).toBe(hex(mth(leaves)));
        expect(tree.size()).toBe(leaves.length);
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });
});

describe("a proof that was tampered with", () => {
  it("of inclusion convinces nobody: another leaf, place, size, root, or hash, one more or one less", () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(), (leaves, a, b) => {
        fc.pre(leaves.length > 1);
        const { proofOf } = grown(leaves);
        const size = leaves.length;
        const index = a % size;
        const [leaf, root] = [leafHash(leaves[index] ?? ""), mth(leaves)];
        const proof = proofOf(inclusionRanges(index, size));
        const other = leafHash("another");
        expect(verifyInclusion(other, { index, size }, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, { index, size }, proof, other)).toBe(false);
        expect(verifyInclusion(leaf, { index, size }, [...proof, other], root)).toBe(false);
        expect(verifyInclusion(leaf, { index, size }, proof.slice(1), root)).toBe(false);
        expect(verifyInclusion(leaf, { index, size }, proof.with(b % proof.length, other), root)).toBe(false);
        expect(verifyInclusion(leaf, { index: size, size }, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, { index: index + size, size: size * 4 }, proof, root)).toBe(false);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it("of consistency convinces nobody", () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(), (leaves, a, b) => {
        fc.pre(leaves.length > 1);
        const size = leaves.length;
        const from = (a % (size - 1)) + 1;
        const [older, newer] = [
          { size: from, root: mth(leaves.slice(0, from)) },
          { size, root: mth(leaves) },
        ];
        const proof = grown(leaves).proofOf(consistencyRanges(from, size));
        const other = leafHash("another");
        expect(verifyConsistency({ ...older, root: other }, newer, proof)).toBe(false);
        expect(verifyConsistency(older, { ...newer, root: other }, proof)).toBe(false);
        expect(verifyConsistency(older, newer, [...proof, other])).toBe(false);
        expect(verifyConsistency(older, newer, proof.slice(1))).toBe(false);
        expect(verifyConsistency(older, newer, proof.with(b % proof.length, other))).toBe(false);
        expect(verifyConsistency(newer, older, proof)).toBe(false);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it("a subtree can't be appended where it does not begin", () => {
    const tree = growingTree();
    tree.append(EMPTY_ROOT);
    expect(() => tree.append(EMPTY_ROOT, 1)).toThrow(RangeError);
  });
});
