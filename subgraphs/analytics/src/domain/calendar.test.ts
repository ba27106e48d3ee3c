import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bucketLabel } from "../../testing/reference-olap.ts";
import { bucketsOf, MAX_BUCKETS, startOfLocalDate, type Granularity } from "./calendar.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { formatInZone } from "./zone.ts";

const range = (from: string, to: string) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) });
const starts = (granularity: Granularity, from: string, to: string, zone: string): readonly string[] => {
  const offsetAt = zoneOffset(zone);
  return bucketsOf(granularity, range(from, to), offsetAt).startsMs.map((ms) => formatInZone(ms, offsetAt));
};

describe("calendar buckets", () => {
  test.each<[Granularity, string, string, string, readonly string[]]>([
    ["DAY", "UTC", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]],
    [
      "DAY",
      "Europe/Berlin",
      "2026-03-28T23:00:00Z",
      "2026-03-30T00:00:00Z",
      ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"],
    ],
    [
      "HOUR",
      "America/New_York",
      "2026-11-01T05:00:00Z",
      "2026-11-01T08:00:00Z",
      ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00"],
    ],
    [
      "HOUR",
      "Asia/Kathmandu",
      "2026-01-01T00:00:00Z",
      "2026-01-01T01:00:00Z",
      ["2026-01-01T05:00:00+05:45", "2026-01-01T06:00:00+05:45"],
    ],
    ["WEEK", "UTC", "2026-01-01T00:00:00Z", "2026-01-06T00:00:00Z", ["2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"]],
    ["MONTH", "UTC", "2024-01-31T12:00:00Z", "2024-03-01T00:00:00Z", ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"]],
    [
      "QUARTER",
      "Europe/Berlin",
      "2026-03-31T21:59:59Z",
      "2026-03-31T22:00:01Z",
      ["2026-01-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"],
    ],
    ["YEAR", "Asia/Kathmandu", "2025-12-31T18:15:00Z", "2026-01-01T00:00:00Z", ["2026-01-01T00:00:00+05:45"]],
  ])("%s in %s from %s to %s", (granularity, zone, from, to, expected) => {
    expect(starts(granularity, from, to, zone)).toEqual(expected);
  });

  test("a day whose midnight the clock skips begins when it does so", () => {
    // Santiago, 2024-09-08: 24:00 becomes 01:00.
    const offsetAt = zoneOffset("America/Santiago");
    expect(formatInZone(startOfLocalDate(Date.UTC(2024, 8, 8), offsetAt), offsetAt)).toBe("2024-09-08T01:00:00-03:00");
  });

  test("a day whose midnight comes twice begins with the first", () => {
    // Havana, 2024-11-03: 01:00 becomes 00:00.
    const offsetAt = zoneOffset("America/Havana");
    expect(formatInZone(startOfLocalDate(Date.UTC(2024, 10, 3), offsetAt), offsetAt)).toBe("2024-11-03T00:00:00-04:00");
  });

  test("every moment lies in the bucket whose start reads the same on the zone's clock", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Asia/Kathmandu",
      "America/Santiago",
      "Pacific/Apia",
      "Asia/Kolkata",
    ];
    const granularities = ["MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...granularities),
        fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2035, 0, 1) }),
        (zone, granularity, ms) => {
          const { startsMs, endMs } = bucketsOf(granularity, { fromMs: ms, toMs: ms + 1 }, zoneOffset(zone));
          expect(startsMs).toHaveLength(1);
          const [start = NaN] = startsMs;
          expect(start <= ms && ms < endMs).toBe(true);
          expect(bucketLabel(start, granularity, zone)).toBe(bucketLabel(ms, granularity, zone));
          expect(bucketLabel(start - 1, granularity, zone)).not.toBe(bucketLabel(ms, granularity, zone));
          expect(bucketLabel(endMs, granularity, zone)).not.toBe(bucketLabel(ms, granularity, zone));
        },
      ),
      { numRuns: 400, endOnFailure: true },
    );
  });

  test("more buckets than an answer may have are refused before they are laid out", () => {
    expect(() => starts("MINUTE", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "UTC")).toThrow(String(MAX_BUCKETS));
  });
});
