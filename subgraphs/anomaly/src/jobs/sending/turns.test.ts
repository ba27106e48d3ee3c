import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createTurns } from "./turns.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  test("do everything once and answer each what is its own, whatever comes when: one turn of a key at a time, no more than may be of all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.nat(2), waits: fc.nat(2), fails: fc.boolean() }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (asked, atOnce, most) => {
          const [busy, done]: [Set<string>, number[]] = [new Set(), []];
          const things = asked.map((one, id) => ({ ...one, id, name: String(one.key) }));
          const turns = createTurns({
            keyOf: ({ name }: (typeof things)[number]) => name,
            work: async (together) => {
              const [{ name }] = together;
              expect(together.every((one) => one.name === name)).toBe(true);
              expect(together.length).toBeLessThanOrEqual(most);
              expect(busy.has(name)).toBe(false);
              busy.add(name);
              expect(busy.size).toBeLessThanOrEqual(atOnce);
              await tick();
              busy.delete(name);
              if (together.some(({ fails }) => fails)) throw new Error("One of them can't be done.");
              done.push(...together.map(({ id }) => id));
              return together.map(({ id }) => id * 2);
            },
            ...{ atOnce, most },
          });
          const answers: Promise<number | null>[] = [];
          for (const one of things) {
            answers.push(turns(one).catch(() => null));
            for (let waited = 0; waited < one.waits; waited += 1) await tick();
          }
          const answered = await Promise.all(answers);
          // What can't be done holds up no other.
          expect(answered).toEqual(things.map(({ id, fails }) => (fails ? null : id * 2)));
          expect(done.toSorted((a, b) => a - b)).toEqual(things.filter(({ fails }) => !fails).map(({ id }) => id));
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("take together what came while the one before was under way", async () => {
    const taken: number[][] = [];
    const turns = createTurns({
      keyOf: () => "one",
      work: async (together: readonly number[]) => {
        taken.push([...together]);
        await tick();
        return together;
      },
      ...{ atOnce: 4, most: 10 },
    });
    const first = turns(1);
    await Promise.resolve();
    await Promise.all([first, turns(2), turns(3), turns(4)]);
    expect(taken).toEqual([[1], [2, 3, 4]]);
  });
});
