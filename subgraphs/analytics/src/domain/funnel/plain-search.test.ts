import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyFunnel, FUNNEL_RANGE } from "../../../testing/funnel-arbitraries.ts";
import type { FunnelInput } from "./funnel-input.ts";
import { funnelMarks } from "./funnel-marks.ts";
import { readRange } from "./funnel.ts";
import { eachPackedUnit, eventBits, type EventBits, type PackedEvents } from "./packed-events.ts";
import { parseFunnel } from "./parse-funnel.ts";
import { createPlainSearch, isPlain } from "./plain-search.ts";
import { createTally } from "./tally.ts";

const access = { personalData: false };
const parsed = (input: FunnelInput) => parseFunnel({ ...input, trend: { granularity: "HOUR" } }, access);

/** Steps in order, with repeated and overlapping conditions, and events of few moments, so that ties and re-entries are many. */
const plainFunnel = anyFunnel.map((input) => ({ ...input, dropOffs: null })).filter((input) => isPlain(parsed(input)));
const anyUnits = fc.array(
  fc.array(fc.record({ second: fc.integer({ min: 0, max: 12 }), mark: fc.nat({ max: 2 ** 10 }) }), {
    minLength: 1,
    maxLength: 14,
  }),
  { maxLength: 8 },
);

/** Units as the store hands them over; each unit's numbers in order. */
const packedOf = (
  bits: EventBits,
  units: readonly (readonly { readonly second: number; readonly mark: number }[])[],
): PackedEvents => {
  const lists = units.map((unit) =>
    BigUint64Array.from(unit, ({ second, mark }, sequence) => {
      const at = BigInt(second * 500) << BigInt(bits.sequence + bits.mark);
      return at | (BigInt(sequence) << BigInt(bits.mark)) | BigInt(mark % 2 ** bits.mark);
    }).toSorted(),
  );
  let end = 0;
  return {
    bits,
    ends: Uint32Array.from(lists, (list) => (end += list.length)),
    words: new Uint32Array(BigUint64Array.from(lists.flatMap((list) => [...list])).buffer),
  };
};

describe("the search of plain funnels", () => {
  test("counts what the search of all funnels counts, whatever the steps, windows, anchors and events", () => {
    fc.assert(
      fc.property(plainFunnel, anyUnits, (input, units) => {
        const funnel = parsed(input);
        const marks = funnelMarks(funnel);
        const bits = eventBits(funnel, marks, readRange(funnel));
        if (bits === null) throw new Error("So few conditions fit.");
        const packed = packedOf(bits, units);
        const [general, plain] = [createTally(funnel, 0), createTally(funnel, 0)];
        eachPackedUnit(packed, 50_000, general.add);
        createPlainSearch(funnel, marks)(packed, plain.addPlain);
        const told = ({ all, trend, cutUnits }: ReturnType<typeof general.result>) => ({
          ...{ trend, cutUnits, reached: all.reached },
          times: all.times.map((list) => [...list.sorted()]),
          total: [...all.total.sorted()],
        });
        expect(told(plain.result())).toEqual(told(general.result()));
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test.each<[string, Partial<FunnelInput>, boolean]>([
    ["steps in order", {}, true],
    ["a window for all of it", { window: "PT5S", anchor: "ANY" }, true],
    ["the very next events", { order: "STRICT" }, false],
    ["steps in any order", { order: "UNORDERED" }, false],
    ["an exclusion", { exclusions: [{ event: { events: ["x"] } }] }, false],
  ])("is for funnels of %s: %#", (_what, input, plain) => {
    const steps = ["a", "b"].map((name) => ({ anyOf: [{ events: [name] }] }));
    expect(isPlain(parseFunnel({ range: FUNNEL_RANGE, steps, window: null, ...input }, access))).toBe(plain);
  });
});
