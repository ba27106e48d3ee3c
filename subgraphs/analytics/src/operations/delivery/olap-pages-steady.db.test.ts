import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { allPages, complete, rowsIn } from "../../../testing/paged-answers.ts";
import { openPagedRoom, type PagedRoom } from "../../../testing/paged-room.ts";
import { referenceExactSum } from "../../../testing/reference-exact-sum.ts";
import { callerOf } from "../../../testing/semantic-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

jest.setTimeout(240_000);
const RUNS = 6;

let room: PagedRoom;
beforeAll(() => {
  room = openPagedRoom();
});
afterAll(() => room.close());

const RANGE = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
/** Numbers whose sum by floating-point numbers depends on which come first. */
const AMOUNTS = [2 ** 53, -(2 ** 53), 2 ** 60, -(2 ** 60), 1, 0.5, 0.25, 3, -7];

/** Events of people who each have some of the amounts, in an order of their own: many have the same amounts as another. */
const crowd = fc
  .array(fc.subarray(AMOUNTS, { minLength: 1 }), { minLength: 2, maxLength: 4 })
  .chain((kinds) => fc.array(fc.constantFrom(...kinds), { minLength: 12, maxLength: 30 }))
  .chain((people) => fc.tuple(...people.map((amounts) => fc.shuffledSubarray(amounts, { minLength: amounts.length }))));

const eventsOf = (people: readonly (readonly number[])[]): readonly TestEvent[] =>
  people.flatMap((amounts, person) =>
    amounts.map((amount, index) => ({
      ...{ id: randomUUID(), name: "paid", timeMs: Date.parse(RANGE.from) + index, country: "DE" },
      ...{ userId: `u${String(person).padStart(2, "0")}`, properties: { amount } },
    })),
  );

const amount = { of: "properties.amount", exact: false } as const;
const MEASURES = [
  { ...amount, function: "SUM", name: "sum" },
  { ...amount, function: "AVG", name: "mean" },
  { ...amount, function: "QUANTILES", name: "quantiles", levels: [0.5, 0.9] },
  { function: "FORMULA", name: "more", formula: "sum * 2 + mean", exact: false },
] as const;
const COLUMNS = ["sum", "mean", "quantiles_p50", "quantiles_p90", "more"] as const;

const quantile = (amounts: readonly number[], level: number): number => {
  const sorted = amounts.toSorted((a, b) => a - b);
  const place = level * (sorted.length - 1) + 1;
  const [below, above] = [sorted[Math.floor(place) - 1] ?? 0, sorted[Math.floor(place)]];
  return above === undefined ? below : below + (place - Math.floor(place)) * (above - below);
};

/** The columns of one person, by what the numbers are and not by the order in which they come. */
const measuresOf = (amounts: readonly number[]): Readonly<Record<(typeof COLUMNS)[number], number>> => {
  const sum = referenceExactSum(amounts);
  const mean = sum / amounts.length;
  const [middle, high] = [quantile(amounts, 0.5), quantile(amounts, 0.9)];
  return { sum, mean, quantiles_p50: middle, quantiles_p90: high, more: sum * 2 + mean };
};

const anyOrder = fc.record({ column: fc.constantFrom(...COLUMNS), direction: fc.constantFrom("ASC", "DESC") });

describe("an answer with too many rows to be kept, ordered by what may come out otherwise when it is computed again", () => {
  test("is told whole and once by its pages, in the order of the exact sums, means, quantiles and formulas, while events are stored", async () => {
    const { page } = room.open();
    const asked = fc.tuple(crowd, fc.array(anyOrder, { minLength: 1, maxLength: 2 }), fc.integer({ min: 2, max: 5 }));
    await fc.assert(
      fc.asyncProperty(asked, async ([people, orderBy, first]) => {
        const caller = callerOf(freshTenantId());
        const events = eventsOf(people);
        // In several batches, so that which sums are added up to which is another from reading to reading.
        for (const part of [0, 1, 2])
          await room.store(
            caller.tenantId,
            events.filter((_event, index) => index % 3 === part),
          );
        const input = complete({
          ...{ range: RANGE, dimensions: ["userId"], measures: MEASURES, orderBy },
          having: [{ column: "mean", gt: -1e15 }],
        });
        const sign = (direction: string): number => (direction === "ASC" ? 1 : -1);
        const expected = people
          .map((amounts, person) => ({ person, measures: measuresOf(amounts) }))
          .filter(({ measures }) => measures.mean > -1e15)
          .toSorted(
            (a, b) =>
              orderBy
                .map(({ column, direction }) => sign(direction) * (a.measures[column] - b.measures[column]))
                .find((difference) => difference !== 0) ?? a.person - b.person,
          );
        // Never all of it on the first page: such an answer is read as any other, once, and is of no second reading.
        const rowsOfPage = Math.max(1, Math.min(first, expected.length - 1));
        const more = () => room.store(caller.tenantId, eventsOf(people));
        const pages = await allPages(page, caller, input, rowsOfPage, more);
        const rows = rowsIn(pages, input);
        expect(rows.map(({ dimensions }) => dimensions[0])).toEqual(
          expected.map(({ person }) => `u${String(person).padStart(2, "0")}`),
        );
        if (expected.length <= rowsOfPage) return;
        for (const { column } of orderBy)
          expect(rows.map(({ measures }) => measures[COLUMNS.indexOf(column)])).toEqual(
            expected.map(({ measures }) => measures[column]),
          );
        expect(pages.length).toBe(Math.ceil(expected.length / rowsOfPage));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("tells of a quantile that it is ordered by that it is no estimate, and of others that they are", async () => {
    const { page } = room.open();
    const caller = callerOf(freshTenantId());
    await room.store(caller.tenantId, eventsOf([[1, 2, 3], [4], [5, 6]]));
    const told = async (column: string): Promise<readonly string[]> => {
      const input = complete({
        ...{ range: RANGE, dimensions: ["userId"], measures: MEASURES, orderBy: [{ column }] },
      });
      const { provenance } = await page(caller, { input, rows: 2 });
      return provenance.approximations.map((one) => one.column);
    };
    expect([await told("quantiles_p90"), await told("sum")]).toEqual([
      ["quantiles_p50"],
      ["quantiles_p50", "quantiles_p90"],
    ]);
  });
});
