import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { quantileOf } from "../statistics.ts";
import type { PageLine } from "./lay-out-metrics.ts";
import { createPageSum, createSessionSum, type SlicedLine } from "./sum-slices.ts";
import { LEAST_PERSONS } from "./least-persons.ts";

const sums = (sessions: number, people: number): SlicedLine["sums"] => ({
  ...{ sessions, people, squares: 0, units: sessions, events: sessions * 2, pageViews: 0, durationMs: 0, activeMs: 0 },
  ...{ bounced: 0, engaged: 0, converted: 0, money: BigInt(sessions) },
});
const line = (lasted: SlicedLine["lasted"], persons: readonly bigint[] | null): SlicedLine => ({
  ...{ values: null, bucket: null, lasted, persons },
  sums: sums(
    lasted.reduce((sum, [, sessions]) => sum + sessions, 0),
    persons?.length ?? 1,
  ),
});

test("slices of sessions add up, and their durations have the quantiles of all of them: exactly while few are different, else within 1 / 4,096", () => {
  const slice = fc.array(fc.tuple(fc.nat(10_000_000), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(slice, { minLength: 1, maxLength: 6 }), fc.constantFrom(10, 1_000_000), (slices, kept) => {
      const sum = createSessionSum(kept);
      for (const lasted of slices) sum.add(line(lasted, null));
      const all = slices
        .flat()
        .flatMap(([ms, sessions]) => Array.from({ length: sessions }, () => ms))
        .toSorted((a, b) => a - b);
      const isCounted = new Set(all).size > kept;
      const { lines, approximations } = sum.told([0, 0.5, 0.99]);
      const [told] = lines;
      expect([lines.length, told?.sums.sessions, told?.sums.money, told?.sums.people]).toEqual([
        ...[1, all.length, BigInt(all.length), slices.length],
      ]);
      const off = [0, 0.5, 0.99].map((level, place) => {
        const exact = quantileOf(Float64Array.from(all), level) ?? 0;
        return Math.abs((told?.sums.durationsMs[place] ?? 0) - exact) / Math.max(1, exact);
      });
      expect(Math.max(...off)).toBeLessThanOrEqual(isCounted ? 1 / 4_096 + 1e-9 : 1e-12);
      expect(approximations.map(({ column }) => column)).toEqual(isCounted ? ["durationQuantilesSeconds"] : []);
    }),
    { endOnFailure: true },
  );
});

/** Hashes that are as good as random: the first numbers of splitmix64. */
const hashes = (count: number): readonly bigint[] => {
  let state = 1n;
  return Array.from({ length: count }, () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  });
};
const least = (persons: readonly bigint[]): readonly bigint[] =>
  [...BigUint64Array.from(persons).toSorted()].slice(0, LEAST_PERSONS);

test("persons who are in several slices count once: exactly while all are told, else within four standard errors", () => {
  const known = hashes(40_000);
  const people = (count: number) => {
    const sum = createSessionSum();
    for (const from of [0, 0.3, 0.6])
      sum.add(line([[1, 1]], least(known.slice(Math.floor(from * count), Math.ceil((from + 0.4) * count)))));
    const { lines, approximations } = sum.told([]);
    return { people: lines[0]?.sums.people ?? 0, approximations };
  };
  expect(people(4_000)).toEqual({ people: 4_000, approximations: [] });
  const { people: many, approximations } = people(40_000);
  const [{ column, relativeError } = { column: "", relativeError: 0 }] = approximations;
  expect([column, Math.abs(many - 40_000) / 40_000 < 4 * relativeError]).toEqual(["people", true]);
});

test("pages of slices add up, those of most sessions first and of equally many in order of their bytes", () => {
  const of = (page: string, sessions: number): PageLine => ({
    ...{ page, sessions, pageViews: sessions + 1, entries: 1, exits: 2, bounced: 0, pages: 1 },
  });
  const sum = createPageSum();
  for (const one of [of("/b", 2), of("/a", 1), of("/a", 2), of("/c", 3), of("/d", 1)]) sum.add(one);
  expect(sum.top(2)).toEqual([
    { page: "/a", sessions: 3, pageViews: 5, entries: 2, exits: 4, bounced: 0, pages: 4 },
    { page: "/c", sessions: 3, pageViews: 4, entries: 1, exits: 2, bounced: 0, pages: 4 },
  ]);
});
