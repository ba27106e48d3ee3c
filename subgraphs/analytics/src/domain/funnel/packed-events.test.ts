import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eachPackedUnit, eventBits } from "./packed-events.ts";

const PLAIN = { breakdown: null, correlation: null, dropOffs: null, attribution: null, entries: null, behind: null };
const marksOf = (conditions: number) => ({
  conditions: Array.from({ length: conditions }, () => []),
  ...{ steps: [], exclusions: [] },
});
const DAY_MS = 86_400_000;

const anyWorld = fc
  .record({ days: fc.integer({ min: 1, max: 400 }), conditions: fc.integer({ min: 1, max: 8 }) })
  .chain(({ days, conditions }) =>
    fc.record({
      rangeMs: fc.constant(days * DAY_MS),
      conditions: fc.constant(conditions),
      units: fc.array(
        fc.array(
          fc.record({
            at: fc.integer({ min: 0, max: days * DAY_MS - 1 }),
            sequence: fc.integer({ min: 0, max: 1_000_000 }),
            mark: fc.integer({ min: 0, max: 2 ** conditions - 1 }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        { maxLength: 5 },
      ),
    }),
  );

describe("packed events", () => {
  test("are in order of time, place and mark, and are read back as they were, unit by unit", () => {
    fc.assert(
      fc.property(anyWorld, fc.integer({ min: 1, max: 6 }), ({ rangeMs, conditions, units }, most) => {
        const bits = eventBits(PLAIN, marksOf(conditions), { fromMs: 0, toMs: rangeMs });
        if (bits === null) throw new Error("Eight conditions over a year fit.");
        const packed = units.map((unit) =>
          BigUint64Array.from(
            unit,
            ({ at, sequence, mark }) =>
              (BigInt(at) << BigInt(bits.sequence + bits.mark)) |
              (BigInt(sequence) << BigInt(bits.mark)) |
              BigInt(mark),
          ).toSorted(),
        );
        let end = 0;
        const ends = Uint32Array.from(packed, (unit) => (end += unit.length));
        const words = new Uint32Array(BigUint64Array.from(packed.flatMap((unit) => [...unit])).buffer);
        const rows: unknown[] = [];
        eachPackedUnit({ bits, ends, words }, most, ({ cut, times, marks }) => {
          rows.push({ cut, times: [...times], marks: [...marks] });
        });
        expect(rows).toEqual(
          units.map((unit) => {
            const inOrder = unit.toSorted((a, b) => a.at - b.at || a.sequence - b.sequence || a.mark - b.mark);
            const looked = inOrder.slice(0, most);
            return {
              cut: unit.length > most,
              times: looked.map(({ at }) => at),
              marks: looked.map(({ mark }) => mark),
            };
          }),
        );
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("are not made where more is asked about, or too many bits are", () => {
    const range = { fromMs: 0, toMs: 31 * DAY_MS };
    expect(eventBits(PLAIN, marksOf(4), range)).toEqual({ at: 32, sequence: 28, mark: 4 });
    expect(eventBits({ ...PLAIN, dropOffs: 5 }, marksOf(4), range)).toBeNull();
    expect(eventBits(PLAIN, marksOf(13), range)).toBeNull();
  });
});
