import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { addMeterText, countEventsOnMeter, countOnMeter, metered, meterText, newMeter, type Meter } from "./meter.ts";

const anyMeter = fc.record<Meter>({
  rowsRead: fc.nat(),
  bytesRead: fc.nat(),
  storeMs: fc.nat({ max: 10_000_000 }).map((n) => n / 1_000),
  events: fc.nat(),
});

describe("a meter", () => {
  it("counts what its own work does, however it is interleaved with other work, and nothing else", async () => {
    const [one, two] = [newMeter(), newMeter()];
    const work = async (n: number): Promise<void> => {
      await Promise.resolve();
      countOnMeter(n, 10 * n, 0.5);
      countEventsOnMeter(2 * n);
    };
    await Promise.all([metered(one, () => Promise.all([work(1), work(2)])), metered(two, () => work(5)), work(100)]);
    expect(one).toEqual({ rowsRead: 3, bytesRead: 30, storeMs: 1, events: 6 });
    expect(two).toEqual({ rowsRead: 5, bytesRead: 50, storeMs: 0.5, events: 10 });
  });

  it("travels as text", () => {
    fc.assert(
      fc.property(anyMeter, anyMeter, (sent, known) => {
        const meter = { ...known };
        addMeterText(meter, meterText(sent));
        expect(meter.rowsRead).toBe(known.rowsRead + sent.rowsRead);
        expect(meter.bytesRead).toBe(known.bytesRead + sent.bytesRead);
        expect(meter.events).toBe(known.events + sent.events);
        expect(meter.storeMs).toBeCloseTo(known.storeMs + sent.storeMs, 3);
      }),
    );
  });

  it.each(["", "1,2,3", "1,2,x,4", "-1,2,3,4", "1,2,3,4,5", "1e9,2,3,4"])(
    "is not changed by text that is none: %j",
    (text) => {
      const meter = newMeter();
      addMeterText(meter, text);
      expect(meter).toEqual(newMeter());
    },
  );
});
