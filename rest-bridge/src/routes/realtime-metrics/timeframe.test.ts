import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseDurationMs } from "@tessera/platform/time/duration";
import { parseTimeframe } from "./timeframe.ts";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

describe("a timeframe", () => {
  it.each([
    ["30s", "PT30S"],
    ["5m", "PT5M"],
    ["1h", "PT1H"],
    ["24h", "PT24H"],
    ["1d", "P1D"],
    ["007m", "PT7M"],
    ["PT5M", "PT5M"],
    ["PT1H30M", "PT1H30M"],
    ["P1D", "P1D"],
  ])("%s is %s", (text, iso) => expect(parseTimeframe(text)).toBe(iso));

  it("says in ISO 8601 exactly as long as it said in short", () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.constantFrom("s", "m", "h", "d"), (count, unit) => {
        expect(parseDurationMs(parseTimeframe(`${count}${unit}`))).toBe(count * UNIT_MS[unit]);
      }),
    );
  });

  it.each(["", "5", "m", "5 m", "5M", "-5m", "5x", "1.5h", "P1M", "P1Y", "PT", "pt5m", "5m\n", "9999999s"])(
    "%j is refused, naming the field",
    (text) => {
      expect(() => parseTimeframe(text)).toThrow(
        expect.objectContaining({ code: "BAD_INPUT", extras: { field: "timeframe" } }),
      );
    },
  );
});
