import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { anyWorld } from "../../../testing/arbitraries.ts";
import { distinct } from "../../../testing/behaviour-world.ts";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { rowsOf, valuesOf } from "../../../testing/flatten-answer.ts";
import { personOf } from "../../../testing/reference-behaviour.ts";
import { referenceGroups } from "../../../testing/reference-olap.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import { queryOlap } from "../query-olap.ts";
import { rowsBehind } from "../rows-behind.ts";
import { behindCounts } from "./read-behind.ts";

jest.setTimeout(240_000);

let room: BehindRoom;
beforeAll(() => {
  // After everything the random worlds hold.
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

const measures = [
  { function: "COUNT", name: "n" } as const,
  { function: "UNIQUES", of: "persons", name: "people", exact: true } as const,
];

describe("what is behind the others of an answer", () => {
  test("is everything that is in none of its rows, as many events and people as it says, also for a caller under a data policy", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyWorld,
        fc.option(anyPolicy, { nil: null }),
        fc.integer({ min: 1, max: 3 }),
        async ({ events, queries }, policy, limit) => {
          const known = distinct(events);
          const stored = await room.stored(known);
          const caller = policy === null ? stored : { ...stored, dataPolicy: policy };
          const seen =
            policy === null
              ? known
              : known.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
          for (const [place, { range, timeZone, filter: drawn, dimensions: asked = [] }] of queries
            .slice(0, 3)
            .entries()) {
            // Few events pass a random filter: the first question alone has one.
            const filter = place === 0 ? drawn : null;
            const dimensions = asked.filter((name) => name !== "time");
            const named = dimensions.length === 0 ? ["country", "properties.plan"] : dimensions;
            const input = {
              range,
              timeZone: timeZone ?? "UTC",
              filter,
              measures,
              limit,
              dimensions: named,
              others: true,
            };
            const answer = await queryOlap(room.deps)(caller, input);
            const rows = rowsOf(answer.columns, answer.rowCount, "NONE", input.timeZone);
            const shown = new Set(rows.map((row) => JSON.stringify(row.dimensions)));
            const own = seen.filter((event) =>
              referenceGroups([event], input).some((group) => !shown.has(JSON.stringify(group.dimensions))),
            );
            const people = new Set(own.flatMap((event) => personOf(event) ?? []));
            const [n, persons] = (answer.others ?? []).map((column) => Number(valuesOf(column)[0]));
            expect([n ?? 0, persons ?? 0]).toEqual([own.length, people.size]);
            const expected = { units: people.size, ids: own.map(({ id }) => id) };
            const of = { olap: { input, cell: { others: true, measure: "n" } } };
            const { told, expected: wanted } = await room.compare(caller, seen, of, expected);
            expect(told).toEqual(wanted);
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-08T00:00:00Z" };
  const question = { range, measures, dimensions: ["country"], limit: 1 };

  test.each([
    ["a group beside it", {}, { dimensions: ["DE"] }, "cell.dimensions"],
    ["buckets", { granularity: "DAY" as const }, {}, "input.others"],
    ["no groups", { dimensions: [] }, {}, "input.others"],
    ["rows of a sample", { sample: 0.5 }, {}, "input.sample"],
    ["groups that pass a test", { having: [{ column: "n", gt: 1 }] }, {}, "input.others"],
  ])("is refused of %s", async (_of, asked, cell, field) => {
    const caller = await room.stored([]);
    const of = { olap: { input: { ...question, ...asked }, cell: { others: true, ...cell } } };
    await expect(behindCounts(room.deps)(caller, of)).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: `of.olap.${field}` } },
    });
  });

  test("is nothing where every group has a row, and rowsBehind tells where to ask", async () => {
    const view = (country: string, userId: string) => ({
      ...{ id: crypto.randomUUID(), name: "view", timeMs: Date.parse(range.from), country, userId },
    });
    const [alone, several] = [
      await room.stored([view("DE", "a")]),
      await room.stored([view("DE", "a"), view("DE", "b"), view("US", "a"), view("", "a")]),
    ];
    const cell = { others: true };
    const counts = (caller: typeof alone) => behindCounts(room.deps)(caller, { olap: { input: question, cell } });
    expect(await counts(alone)).toMatchObject({ units: 0, people: 0, events: 0 });
    expect(await counts(several)).toMatchObject({ units: 1, people: 1, events: 2 });
    const caller = several;
    await expect(rowsBehind(room.deps)(caller, { input: question, cell })).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "cell.others" } },
    });
  });
});
