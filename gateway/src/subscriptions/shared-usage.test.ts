import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { newMeter, type Meter } from "@tessera/platform/executions/meter";
import { addShare, sharesOf } from "./shared-usage.ts";

const anyMeter = fc.record<Meter>({
  ...{ rowsRead: fc.nat(), bytesRead: fc.nat(), events: fc.nat() },
  storeMs: fc.nat({ max: 1_000_000 }).map((n) => n / 8),
});

describe("what is read for several readers of one stream", () => {
  it("is shared out in whole units: nothing is charged twice, nothing is lost, and no reader has two more than another", () => {
    fc.assert(
      fc.property(anyMeter, fc.integer({ min: 1, max: 50 }), (meter, readers) => {
        const shares = sharesOf(meter, readers);
        const sum = newMeter();
        for (const share of shares) addShare(sum, share);
        expect({ ...sum, storeMs: 0 }).toEqual({ ...meter, storeMs: 0 });
        expect(sum.storeMs).toBeCloseTo(meter.storeMs, 6);
        const rows = shares.map(({ rowsRead }) => rowsRead);
        expect(Math.max(...rows) - Math.min(...rows)).toBeLessThanOrEqual(1);
        expect(rows.every(Number.isInteger)).toBe(true);
      }),
    );
  });

  it("is nobody's while nobody reads", () => {
    expect(sharesOf({ rowsRead: 3, bytesRead: 3, storeMs: 3, events: 3 }, 0)).toEqual([]);
  });
});
