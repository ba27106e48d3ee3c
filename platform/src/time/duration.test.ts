import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseDurationMs } from "./duration.ts";

test.each([
  ["PT10S", 10_000],
  ["PT0.250S", 250],
  ["PT5M", 300_000],
  ["P1D", 86_400_000],
  ["P1DT2H3M4S", 93_784_000],
  ["P2W", 1_209_600_000],
  ["PT0S", 0],
])("%s is %d ms", (text, ms) => expect(parseDurationMs(text)).toBe(ms));

test.each(["", "P", "PT", "P1DT", "P1Y", "P1M", "P1W2D", "-P1D", "5m", "PT1.5H", "P99999999999999D"])(
  "%j has no fixed length",
  (text) => expect(parseDurationMs(text)).toBeNull(),
);

test("A duration is the sum of its parts", () => {
  const part = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(part, part, part, part, (days, hours, minutes, seconds) => {
      const text = `P${days}DT${hours}H${minutes}M${seconds}S`;
      expect(parseDurationMs(text)).toBe((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000);
    }),
  );
});
