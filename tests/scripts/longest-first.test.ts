import { describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { join } from "node:path";
import LongestFirst, { LONGEST } from "../../scripts/longest-first.mjs";

const root = join(import.meta.dirname, "../..");
const small = { path: join(root, "jest.config.mjs") };
const large = { path: join(root, "package-lock.json") };
const named = LONGEST.map((name: string) => ({ path: join(root, name) }));

describe("the order of test files", () => {
  it("names files that are there, each once", () => {
    expect(LONGEST.filter((name: string) => !existsSync(join(root, name)))).toEqual([]);
    expect(new Set(LONGEST).size).toBe(LONGEST.length);
  });

  it("begins with those that take longest, and goes on with the largest", () => {
    expect(new LongestFirst().sort([small, large, ...named.toReversed()])).toEqual([...named, large, small]);
  });

  it("gives each file to one shard", () => {
    const files = [small, large, ...named];
    const shards = [1, 2, 3].flatMap((shardIndex) => new LongestFirst().shard(files, { shardIndex, shardCount: 3 }));
    const paths = (some: readonly { readonly path: string }[]) => some.map(({ path }) => path).toSorted();
    expect(paths(shards)).toEqual(paths(files));
  });
});
