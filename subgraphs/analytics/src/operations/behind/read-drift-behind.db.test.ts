import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { numberOf, QUALITY_START_MS, scores, textOf } from "../../../testing/quality-world.ts";
import { referenceNumberBins, referenceTextBins } from "../../../testing/reference-quality.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import type { DriftCellInput } from "../../domain/behind/drift-cell.ts";
import type { DriftInput } from "../../domain/quality/drift.ts";
import { queryDrift } from "../quality/query-quality.ts";
import { behindCounts, behindEvents } from "./read-behind.ts";

jest.setTimeout(180_000);
const MINUTE_MS = 60_000;
const START_MS = QUALITY_START_MS;
const iso = (ms: number): string => new Date(ms).toISOString();
const range = { from: iso(START_MS), to: iso(START_MS + 60 * MINUTE_MS) };

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(START_MS + 24 * 60 * MINUTE_MS);
});
afterAll(() => room.close());

/** Which of some events have no value, and which lie in each bin of a reference, one by one. */
const sorted = (kind: "NUMERIC" | "CATEGORICAL", bins: number, before: readonly TestEvent[]) => {
  const having = <Value>(
    valueOf: (event: TestEvent) => Value | null,
    binned: (values: readonly Value[]) => readonly { readonly holds: (value: Value) => boolean }[],
  ) => {
    const made = binned(before.flatMap((event) => valueOf(event) ?? []));
    return {
      bins: made.length,
      holds: (event: TestEvent, { bin, missing = false }: DriftCellInput): boolean => {
        const value = valueOf(event);
        if (value === null) return missing;
        return !missing && (bin === undefined || bin === null || made[bin]?.holds(value) === true);
      },
    };
  };
  return kind === "NUMERIC"
    ? having(
        (event) => numberOf(event, "score"),
        (values) => referenceNumberBins(values, bins),
      )
    : having(
        (event) => textOf(event, "score"),
        (values) => referenceTextBins(values, bins),
      );
};

describe("what is behind a number of drift", () => {
  const asked = fc.record({
    bins: fc.integer({ min: 2, max: 6 }),
    kind: fc.constantFrom("NUMERIC" as const, "CATEGORICAL" as const),
    trailing: fc.constantFrom("PT10M", "PT20M"),
    choice: fc.nat(),
    swap: fc.boolean(),
  });

  test("is each event whose value it counts, as a reference finds them one by one: of the range and of what it is compared with, all, of a bin, and those without a value", async () => {
    await fc.assert(
      fc.asyncProperty(scores, fc.array(asked, { minLength: 2, maxLength: 2 }), async (events, questions) => {
        const caller = await room.stored(events);
        for (const { bins, kind, trailing, choice, swap } of questions) {
          const input: DriftInput = {
            ...{ range, field: "properties.score", kind, bins, reference: { trailing }, minSamples: 10 },
          };
          const answer = await queryDrift(room.deps)(caller, input);
          const sinceMs = START_MS - Number(trailing.slice(2, -1)) * MINUTE_MS;
          const between = (fromMs: number, toMs: number) =>
            events.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
          const before = between(sinceMs, START_MS);
          const now = between(START_MS, START_MS + 60 * MINUTE_MS);
          const known = sorted(kind, bins, before);
          expect(answer.bins).toHaveLength(known.bins);
          const bin = choice % known.bins;
          const [one, other] = swap ? (["RANGE", "REFERENCE"] as const) : (["REFERENCE", "RANGE"] as const);
          const told = answer.bins[bin];
          const cells: readonly (readonly [DriftCellInput, number | undefined])[] = [
            [{ bin }, told?.count],
            [{ side: "REFERENCE", bin }, told?.referenceCount],
            [{ side: one }, one === "RANGE" ? answer.samples : answer.referenceSamples],
            [{ side: other, missing: true }, other === "RANGE" ? answer.missing : answer.referenceMissing],
          ];
          for (const [cell, number] of cells) {
            const meant = (cell.side === "REFERENCE" ? before : now).filter((event) => known.holds(event, cell));
            expect({ input, cell, number }).toEqual({ input, cell, number: meant.length });
            const expected = { units: meant.length, ids: meant.map(({ id }) => id) };
            const compared = await room.compare(caller, events, { drift: { input, cell } }, expected);
            expect(compared.told).toEqual(compared.expected);
          }
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("says that it is of the question's range, and where it read, which is the reference where that is meant", async () => {
    const caller = await room.stored([]);
    const input: DriftInput = {
      ...{ range, field: "country", kind: "CATEGORICAL", reference: { trailing: "PT10M", gap: "PT1H" } },
    };
    const of = { drift: { input, cell: { side: "REFERENCE" } } } as const;
    const [from, to] = [iso(START_MS - 70 * MINUTE_MS), iso(START_MS - 60 * MINUTE_MS)];
    const wanted = { range, provenance: { tables: [{ table: "events", from, to }] } };
    expect(await behindCounts(room.deps)(caller, of)).toMatchObject(wanted);
    expect(await behindEvents(room.deps)(caller, of, {})).toMatchObject(wanted);
  });

  const input: DriftInput = { range, field: "country", kind: "CATEGORICAL", reference: { trailing: "PT10M" } };
  test.each<[string, DriftInput, DriftCellInput, string, string]>([
    ["a bin that is none", input, { bin: 1 }, "BAD_INPUT", "cell.bin"],
    ["a bin before the first", input, { bin: -1 }, "BAD_INPUT", "cell.bin"],
    ["a bin of what is missing", input, { bin: 0, missing: true }, "BAD_INPUT", "cell.missing"],
    ["a wrong question", { ...input, bins: 1 }, {}, "BAD_INPUT", "input.bins"],
  ])("%s is refused, with its place", async (_what, question, cell, code, field) => {
    const caller = await room.stored([]);
    await expect(behindCounts(room.deps)(caller, { drift: { input: question, cell } })).rejects.toMatchObject({
      ...{ code, extras: { field: `of.drift.${field}` } },
    });
  });
});
