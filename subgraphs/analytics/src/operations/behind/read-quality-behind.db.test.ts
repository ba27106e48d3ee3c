import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { EXPECTATIONS, orders, QUALITY_START_MS, referenceTested } from "../../../testing/quality-world.ts";
import { createQualityStore } from "../../store/quality/quality-store.ts";
import { withKept } from "../quality/find-kept.ts";
import { saveExpectation } from "../quality/keep-expectations.ts";
import { queryEventQuality } from "../quality/query-quality.ts";
import { behindCounts } from "./read-behind.ts";

jest.setTimeout(180_000);
const HOUR_MS = 3_600_000;
const range = {
  from: new Date(QUALITY_START_MS).toISOString(),
  to: new Date(QUALITY_START_MS + HOUR_MS).toISOString(),
};

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(QUALITY_START_MS + 24 * HOUR_MS);
});
afterAll(() => room.close());

describe("what is behind a number of the quality of events", () => {
  test("is each event it counts, as a reference finds them that goes through them one by one: tested, passed and failed, of every kind of expectation", async () => {
    await fc.assert(
      fc.asyncProperty(orders, fc.constantFrom(undefined, "order"), async (events, name) => {
        const caller = await room.stored(events);
        const event = name === undefined ? {} : { events: [name] };
        const input = { range, event, expect: EXPECTATIONS };
        const deps = { ...room.deps, quality: createQualityStore(room.deps.eventStore) };
        const answer = await queryEventQuality(deps)(caller, input);
        const end = QUALITY_START_MS + HOUR_MS;
        const own = events.filter(({ timeMs }) => timeMs >= QUALITY_START_MS && timeMs < end);
        const wanted = referenceTested(own.filter((one) => name === undefined || one.name === name));
        for (const [place, { name: expectation, ...numbers }] of answer.expectations.entries()) {
          const { tested = [], passed = [] } = wanted[place] ?? {};
          const failed = tested.filter((one) => !passed.includes(one));
          for (const [outcome, meant] of [
            ["TESTED", tested] as const,
            ["PASSED", passed] as const,
            ["FAILED", failed] as const,
          ]) {
            const of = { eventQuality: { input, cell: { expectation, outcome } } };
            const ids = meant.map(({ id }) => id);
            const { told, expected } = await room.compare(caller, events, of, { units: ids.length, ids });
            expect(told).toEqual(expected);
            const counted = { TESTED: numbers.tested, PASSED: numbers.passed, FAILED: numbers.failed };
            expect(told.counts.units).toBe(counted[outcome]);
          }
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test("is of a kept expectation, which the question names by its id, each of its own events: those of its name that pass its filter", async () => {
    const deps = { ...room.deps, quality: createQualityStore(room.deps.eventStore) };
    const keep = saveExpectation({
      ...{ expectations: room.deps.expectations, newId: () => crypto.randomUUID() },
      verdicts: { list: () => Promise.resolve([]) },
    });
    await fc.assert(
      fc.asyncProperty(orders, fc.constantFrom(undefined, "view"), async (events, name) => {
        const caller = await room.stored(events);
        const kept: { readonly id: string }[] = [];
        for (const expect of EXPECTATIONS) {
          const of = { event: "order", where: { not: { field: "country", eq: "XX" } } };
          const outcome = await keep(caller, { ...of, expect });
          if (outcome.kind !== "SAVED") throw new Error(`It was not kept: ${outcome.kind}.`);
          kept.push({ id: outcome.expectation.id });
        }
        // A question about other events tests nothing of them.
        const input = { range, kept, event: name === undefined ? {} : { events: [name] } };
        const { expectations } = await withKept(deps, queryEventQuality(deps))(caller, input);
        const end = QUALITY_START_MS + HOUR_MS;
        const own = events.filter((one) => one.timeMs >= QUALITY_START_MS && one.timeMs < end && one.name === "order");
        const wanted = referenceTested(own.filter(({ country }) => country !== "XX" && name === undefined));
        for (const [place, { name: expectation, tested, passed, failed }] of expectations.entries()) {
          const { tested: all = [], passed: good = [] } = wanted[place] ?? {};
          const bad = all.filter((one) => !good.includes(one));
          expect([expectation, tested, passed, failed]).toEqual([
            ...[EXPECTATIONS[place]?.name, all.length, good.length, bad.length],
          ]);
          const of = { eventQuality: { input, cell: { expectation, outcome: "FAILED" } } } as const;
          const ids = bad.map(({ id }) => id);
          const { told, expected } = await room.compare(caller, events, of, { units: ids.length, ids });
          expect(told).toEqual(expected);
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("is those that failed where nothing else is said, and is refused of an expectation that the question has not", async () => {
    const caller = await room.stored([
      { id: crypto.randomUUID(), name: "view", timeMs: QUALITY_START_MS, country: "DE" },
      { id: crypto.randomUUID(), name: "view", timeMs: QUALITY_START_MS },
    ]);
    const input = { range, expect: [{ name: "complete", present: { field: "country" } }] };
    const behind = (expectation: string) =>
      behindCounts(room.deps)(caller, { eventQuality: { input, cell: { expectation } } });
    expect(await behind("complete")).toMatchObject({ units: 1, events: 1, people: 0 });
    await expect(behind("complet")).rejects.toMatchObject({
      code: "BAD_INPUT",
      message: "The question has no expectation of this name: take one of `complete`.",
      extras: { field: "of.eventQuality.cell.expectation" },
    });
  });
});
