import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { refuse } from "../errors/refusal.ts";
import { eachInSpite } from "./each-in-spite.ts";

describe("work for each of some tenants", () => {
  test("is done for all in their order, whoever fails, and the first failure is told in the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (fails) => {
        const tried: number[] = [];
        const work = (place: number): Promise<number> => {
          tried.push(place);
          return fails[place] === true ? Promise.reject(new Error(`No ${place}.`)) : Promise.resolve(place * 2);
        };
        const places = fails.map((_fails, place) => place);
        const first = fails.indexOf(true);
        const outcome = await eachInSpite(places, work).catch((error: unknown) => String(error));
        expect(outcome).toEqual(first === -1 ? places.map((place) => place * 2) : `Error: No ${first}.`);
        expect(tried).toEqual(places);
      }),
      { endOnFailure: true },
    );
  });

  test("ends where what all need is away", async () => {
    const tried: number[] = [];
    const work = (place: number): Promise<void> => {
      tried.push(place);
      return place === 1 ? Promise.reject(refuse("DEPENDENCY_UNAVAILABLE", "The store is away.")) : Promise.resolve();
    };
    await expect(eachInSpite([0, 1, 2], work)).rejects.toThrow("The store is away.");
    expect(tried).toEqual([0, 1]);
  });
});
