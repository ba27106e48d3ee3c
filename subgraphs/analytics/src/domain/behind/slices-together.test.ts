import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { BehindPlace } from "./behind-page.ts";
import { firstPersons, newestPlaces, type CountedPerson } from "./slices-together.ts";

const events = fc.array(
  fc.record({ timeMs: fc.integer({ min: 0, max: 20 }), key: fc.uuid(), person: fc.integer({ min: 1, max: 30 }) }),
  { maxLength: 60 },
);

/** An id with its halves changed about, by which the store orders. */
const turned = (id: string): string => id.replace(/-/g, "").replace(/^(.{16})(.{16})$/, "$2$1");
const inOrder = (own: readonly BehindPlace[]): readonly BehindPlace[] =>
  own.toSorted((a, b) => a.timeMs - b.timeMs || (turned(a.key) < turned(b.key) ? -1 : 1));

/** The first so many people of some events, each with all of theirs. */
const peopleOf = (own: readonly (BehindPlace & { readonly person: number })[], most: number): CountedPerson[] =>
  [...new Set(own.map(({ person }) => person))]
    .toSorted((a, b) => a - b)
    .slice(0, most)
    .map((person) => {
      const theirs = inOrder(own.filter((one) => one.person === person)).map(({ timeMs, key }) => ({ timeMs, key }));
      return { key: String(person), events: theirs.length, first: theirs[0] ?? null, last: theirs.at(-1) ?? null };
    });

describe("pages of slices", () => {
  test("put together are the page of all: the newest events, and the people of the least numbers with all their events, whichever slices they are in", () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }), (all, slices, most) => {
        const cut = Array.from({ length: slices }, (_, slice) => all.filter((_one, at) => at % slices === slice));
        const newest = (own: readonly BehindPlace[]) => inOrder(own).toReversed().slice(0, most);
        const places = cut.reduce<readonly BehindPlace[]>((found, own) => newestPlaces(found, newest(own), most), []);
        expect(places).toEqual(newest(all));
        const people = cut.reduce<readonly CountedPerson[]>(
          (found, own) => firstPersons(found, peopleOf(own, most), most),
          [],
        );
        expect(people).toEqual(peopleOf(all, most));
      }),
      { endOnFailure: true },
    );
  });
});
