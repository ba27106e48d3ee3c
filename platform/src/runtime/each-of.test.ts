import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eachOf } from "./each-of.ts";

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

describe("work for each", () => {
  test("gives the results in the order of the things, however long each takes, and never does more at once than it may", async () => {
    const lengths = fc.array(fc.nat(20), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 8 }), async (things, atOnce) => {
        let [busy, most] = [0, 0];
        const results = await eachOf(things, atOnce, async (length) => {
          busy += 1;
          most = Math.max(most, busy);
          await turns(length);
          busy -= 1;
          return length % 3 === 0 ? null : length;
        });
        expect(results).toEqual(things.map((length) => (length % 3 === 0 ? null : length)));
        expect(most).toBeLessThanOrEqual(atOnce);
      }),
    );
  });

  test("fails as the first that fails", async () => {
    const work = (thing: number): Promise<number> =>
      thing === 2 ? Promise.reject(new Error("the second")) : Promise.resolve(thing);
    await expect(eachOf([1, 2, 3], 2, work)).rejects.toThrow("the second");
  });
});
