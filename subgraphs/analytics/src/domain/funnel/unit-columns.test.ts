import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eachUnit, textAt, type TextColumn, type UnitColumns } from "./unit-columns.ts";

interface Told {
  readonly unit: number;
  readonly mark: number;
  readonly candidate: number;
  readonly name: number;
  readonly touch: number;
}

const TEXTS = ["", "=pro", "view", "buy"];
const column = (codes: readonly number[]): TextColumn => ({ codes: Uint32Array.from(codes), texts: TEXTS });

const anyEvents = fc.array(
  fc.record({
    unit: fc.integer({ min: 0, max: 4 }),
    mark: fc.integer({ min: 0, max: 2 }),
    candidate: fc.integer({ min: 0, max: 1 }),
    name: fc.integer({ min: 2, max: 3 }),
    touch: fc.integer({ min: 0, max: 1 }),
  }),
  { maxLength: 24 },
);

/** Units whose numbers differ in one word alone, each word of them somewhere. */
const columnsOf = (events: readonly Told[], asksNext: boolean, correlates: boolean): UnitColumns => ({
  rows: events.length,
  units: Uint32Array.from(events.flatMap(({ unit }) => [unit % 2, unit >> 1])),
  times: Float64Array.from(events.keys()),
  marks: Uint8Array.from(events, ({ mark }) => mark),
  values: column(events.map(({ mark }) => mark % 2)),
  names: asksNext ? column(events.map(({ name }) => name)) : null,
  candidates: correlates ? Uint8Array.from(events, ({ candidate }) => candidate) : null,
  fieldValues: [column(events.map(({ mark }) => mark))],
  labels: column(events.map(({ touch }) => touch)),
});

/** The same read event by event: what a unit's row holds, by the definition. */
const expected = (events: readonly Told[], asksNext: boolean, correlates: boolean, most: number, keepAll: boolean) =>
  [...new Set(events.map(({ unit }) => unit))].flatMap((unit) => {
    const own = events.flatMap((event, place) => (event.unit === unit ? [{ ...event, place }] : []));
    const looked = own.slice(0, most).map((event, index, all) => ({ ...event, next: all[index + 1]?.name ?? 0 }));
    const kept = looked.filter(
      ({ mark, candidate, touch }) =>
        !asksNext || keepAll || mark !== 0 || touch !== 0 || (correlates && candidate !== 0),
    );
    if (kept.length === 0) return [];
    return [
      {
        cut: own.length > most,
        times: kept.map(({ place }) => place),
        marks: kept.map(({ mark }) => mark),
        values: kept.map(({ mark }) => TEXTS[mark % 2]),
        next: kept.map(({ next }) => (asksNext ? TEXTS[next] : "")),
        candidates: correlates ? kept.map(({ candidate }) => candidate) : null,
        fields: kept.map(({ mark }) => TEXTS[mark]),
        labels: kept.map(({ touch }) => TEXTS[touch]),
      },
    ];
  });

describe("the units of a slice", () => {
  test("are handed over one by one with their first events, and what came next of each, whatever was left out", () => {
    fc.assert(
      fc.property(
        anyEvents,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        (events, asksNext, correlates, most, keepAll) => {
          const inOrder = events.toSorted((a, b) => a.unit - b.unit);
          const rows: unknown[] = [];
          eachUnit(columnsOf(inOrder, asksNext, correlates), { most, keepAll }, (row) => {
            const places = [...row.times.keys()];
            rows.push({
              cut: row.cut,
              times: [...row.times],
              marks: [...row.marks],
              values: places.map((place) => textAt(row.values, place)),
              next: places.map((place) => textAt(row.following, place)),
              candidates: row.candidates === null ? null : [...row.candidates],
              fields: places.map((place) => textAt(row.fieldValues[0] ?? null, place)),
              labels: places.map((place) => textAt(row.labels, place)),
            });
          });
          expect(rows).toEqual(expected(inOrder, asksNext, correlates, most, keepAll));
        },
      ),
      { numRuns: 1_000, endOnFailure: true },
    );
  });
});
