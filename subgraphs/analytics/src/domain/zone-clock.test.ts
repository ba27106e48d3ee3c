import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { zoneClock } from "./zone-clock.ts";
import { zoneOffset } from "@tessera/platform/time/zone";

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Africa/Monrovia",
  "America/Boa_Vista",
];

describe("a zone's clock", () => {
  test("is ahead of UTC by what the zone's offset is, at every second that can be asked about", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: Date.UTC(1971, 0) / 1_000, max: Date.UTC(2100, 0) / 1_000 }),
        (timeZone, second) => {
          const { fromSeconds, aheadSeconds } = zoneClock(timeZone);
          const place = fromSeconds.findLastIndex((from) => from <= second);
          expect(aheadSeconds[place]).toBe(zoneOffset(timeZone)(second * 1_000) / 1_000);
        },
      ),
      { numRuns: 2_000, endOnFailure: true },
    );
  });

  test.each(ZONES.slice(1))("changes exactly when the offset of %s does", (timeZone) => {
    const { fromSeconds, aheadSeconds } = zoneClock(timeZone);
    const offsetAt = zoneOffset(timeZone);
    fromSeconds.slice(1).forEach((second, place) => {
      expect(offsetAt(second * 1_000 - 1_000)).toBe((aheadSeconds[place] ?? NaN) * 1_000);
      expect(offsetAt(second * 1_000)).toBe((aheadSeconds[place + 1] ?? NaN) * 1_000);
    });
  });
});
