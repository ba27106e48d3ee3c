import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { growing } from "./growing-list.ts";

describe("a list that grows", () => {
  test("hands out what was added and nothing behind it, of every kind and however much that is", () => {
    for (const kind of [Int32Array, Uint32Array, Float64Array, Uint8Array])
      fc.assert(
        fc.property(fc.array(fc.nat(255), { maxLength: 5_000 }), (values) => {
          const list = growing<Int32Array | Uint32Array | Float64Array | Uint8Array>(kind);
          for (const value of values) list.add(value);
          expect([list.length, [...list.list]]).toEqual([values.length, values]);
        }),
        { numRuns: 20, endOnFailure: true },
      );
  });

  test("holds no more than it may, and all of that", () => {
    for (const most of [0, 1, 1_024, 1_025, 3_000]) {
      const list = growing(Int32Array, most);
      for (let value = 0; value < most; value += 1) list.add(value);
      expect(() => list.add(-1)).toThrow(`A list holds at most ${most} numbers.`);
      expect([list.list.length, list.list.at(-1)]).toEqual([most, most === 0 ? undefined : most - 1]);
    }
  });
});
