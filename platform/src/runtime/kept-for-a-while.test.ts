import { describe, expect, test } from "@jest/globals";
import { createKeptForAWhile, createKeptLookups } from "./kept-for-a-while.ts";

describe("what is kept for a while", () => {
  test("is there until its time is over, counted from when it was found, and never after the clock went back behind that", () => {
    let nowMs = 1_000;
    const kept = createKeptForAWhile<string, number>({ ms: 100, most: 2, nowMs: () => nowMs });
    kept.keep("a", 1);
    kept.keep("b", 2, 950);
    nowMs = 1_049;
    expect([kept.get("a"), kept.get("b")]).toEqual([1, 2]);
    nowMs = 1_050;
    expect([kept.get("a"), kept.get("b")]).toEqual([1, undefined]);
    nowMs = 999;
    expect(kept.get("a")).toBeUndefined();
  });

  test("is no more than was said: what was asked for longest ago makes room", () => {
    const kept = createKeptForAWhile<string, number>({ ms: 100, most: 2, nowMs: () => 0 });
    for (const [key, value] of [
      ["a", 1],
      ["b", 2],
    ] as const)
      kept.keep(key, value);
    kept.get("a");
    kept.keep("c", 3);
    expect(["a", "b", "c"].map(kept.get)).toEqual([1, undefined, 3]);
    kept.forget("a");
    expect(kept.get("a")).toBeUndefined();
  });
});

describe("lookups that are kept", () => {
  test("are shared by those who ask within the time; what failed, or is to be forgotten, is looked up anew", async () => {
    let nowMs = 0;
    let looks = 0;
    const lookups = createKeptLookups<string, number>({ ms: 100, most: 10, nowMs: () => nowMs });
    const look = () => Promise.resolve((looks += 1));
    expect(await Promise.all([lookups.of("a", look), lookups.of("a", look), lookups.of("b", look)])).toEqual([1, 1, 2]);
    nowMs = 100;
    expect(await lookups.of("a", look)).toBe(3);
    lookups.forget("a");
    expect(await lookups.of("a", look)).toBe(4);
    const fails = () => Promise.reject(new Error("not now"));
    await expect(lookups.of("c", fails)).rejects.toThrow("not now");
    expect(await lookups.of("c", look)).toBe(5);
  });
});
