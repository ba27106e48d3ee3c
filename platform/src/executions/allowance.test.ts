import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { allowanceText, parseAllowance } from "./allowance.ts";
import { countOnMeter, countLater, currentAllowance, metered, newMeter, whenCounted } from "./meter.ts";

const anyAllowance = fc.record({
  rows: fc.nat(),
  quota: fc.constantFrom("tenant-rows", "cost", "organisation-cost"),
  limit: fc.nat(),
  windowSeconds: fc.nat(),
  refillsFromMs: fc.nat(),
  refilledByMs: fc.nat(),
});

describe("an allowance", () => {
  it("is read in another process as it was written, less what the execution has read so far", () => {
    fc.assert(
      fc.property(anyAllowance, fc.nat(), (allowance, read) => {
        const rows = Math.max(0, allowance.rows - read);
        expect(parseAllowance(allowanceText(allowance, read))).toEqual({ ...allowance, rows });
      }),
    );
  });

  it.each(["", "1", "1,2,3", "1,tenant-rows,2,3,4,x", "1,Tenant Rows,2,3,4,5", "1.5,cost,2,3,4,5", "1,cost,2,3,4,5,6"])(
    "%j is none",
    (text) => {
      expect(parseAllowance(text)).toBeNull();
    },
  );

  it("shrinks by what the execution reads, never below nothing, and holds for nobody else", async () => {
    const allowance = { rows: 100, quota: "cost", limit: 200, windowSeconds: 60, refillsFromMs: 1, refilledByMs: 2 };
    const left = await metered(
      newMeter(),
      async () => {
        const before = currentAllowance()?.rows;
        countOnMeter(70, 0, 0);
        await Promise.resolve();
        const after = currentAllowance()?.rows;
        countOnMeter(70, 0, 0);
        return [before, after, currentAllowance()?.rows];
      },
      allowance,
    );
    expect(left).toEqual([100, 30, 0]);
    expect(currentAllowance()).toBeNull();
    expect(metered(newMeter(), currentAllowance)).toBeNull();
  });
});

describe("the cost of work that was given up", () => {
  it("is waited for by whoever settles, and by nobody once it is counted", async () => {
    const meter = newMeter();
    expect(whenCounted(meter)).toBeNull();
    let tell = (): void => undefined;
    metered(meter, () =>
      countLater(
        new Promise<void>((resolve) => {
          tell = resolve;
        }).then(() => countOnMeter(7, 0, 0)),
      ),
    );
    const counted = whenCounted(meter);
    expect(counted).not.toBeNull();
    tell();
    await counted;
    expect(meter.rowsRead).toBe(7);
    await Promise.resolve();
    expect(whenCounted(meter)).toBeNull();
  });
});
