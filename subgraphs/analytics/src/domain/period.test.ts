import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { periodFrom, periodYearBefore, precedingPeriod } from "./period.ts";
import type { TimeRange } from "./time-range.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { formatInZone } from "./zone.ts";

const berlin = zoneOffset("Europe/Berlin");
const range = (from: string, to: string): TimeRange => ({ fromMs: Date.parse(from), toMs: Date.parse(to) });
const told = ({ fromMs, toMs }: TimeRange, offsetAt = berlin): string =>
  `${formatInZone(fromMs, offsetAt)} ${formatInZone(toMs, offsetAt)}`;

describe("a period to compare with", () => {
  test.each([
    [
      "March, which loses an hour: February",
      range("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
      "2026-02-01T00:00:00+01:00 2026-03-01T00:00:00+01:00",
    ],
    [
      "the week after clocks change: the week that is an hour shorter",
      range("2026-03-30T00:00:00+02:00", "2026-04-06T00:00:00+02:00"),
      "2026-03-23T00:00:00+01:00 2026-03-30T00:00:00+02:00",
    ],
    [
      "a quarter: three months",
      range("2026-04-01T00:00:00+02:00", "2026-07-01T00:00:00+02:00"),
      "2026-01-01T00:00:00+01:00 2026-04-01T00:00:00+02:00",
    ],
    [
      "hours: as many",
      range("2026-03-29T06:00:00+02:00", "2026-03-29T12:00:00+02:00"),
      "2026-03-28T23:00:00+01:00 2026-03-29T06:00:00+02:00",
    ],
  ])("before %s", (_what, asked, expected) => {
    expect(told(precedingPeriod(asked, berlin))).toBe(expected);
  });

  test.each([
    [
      "a month",
      range("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
      "2025-03-01T00:00:00+01:00 2025-04-01T00:00:00+02:00",
    ],
    [
      "a leap day",
      range("2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00"),
      "2023-02-28T00:00:00+01:00 2023-03-01T00:00:00+01:00",
    ],
    [
      "hours, by the clock of that day",
      range("2026-03-29T06:00:00+02:00", "2026-03-29T12:00:00+02:00"),
      "2025-03-29T06:00:00+01:00 2025-03-29T12:00:00+01:00",
    ],
  ])("a year before %s", (_what, asked, expected) => {
    expect(told(periodYearBefore(asked, berlin))).toBe(expected);
  });

  test("that begins where it is told to is as long on the calendar where it can be, else on the clock", () => {
    const march = range("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00");
    expect(told(periodFrom(Date.parse("2025-02-01T00:00:00+01:00"), march, berlin))).toBe(
      "2025-02-01T00:00:00+01:00 2025-03-01T00:00:00+01:00",
    );
    expect(told(periodFrom(Date.parse("2025-10-02T00:00:00+02:00"), march, berlin))).toBe(
      "2025-10-02T00:00:00+02:00 2025-11-02T00:00:00+01:00",
    );
    expect(told(periodFrom(Date.parse("2025-10-02T01:00:00+02:00"), march, berlin))).toBe(
      "2025-10-02T01:00:00+02:00 2025-11-01T23:00:00+01:00",
    );
  });

  test("right before a range touches it, and is as long to the millisecond where no days begin", () => {
    const moments = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2030, 0, 1) });
    const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe");
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 400 * 86_400_000 }), zones, (fromMs, lengthMs, zone) => {
        fc.pre(fromMs % 60_000 !== 0);
        const offsetAt = zoneOffset(zone);
        const asked = { fromMs, toMs: fromMs + lengthMs };
        const before = precedingPeriod(asked, offsetAt);
        expect(before.toMs).toBe(fromMs);
        expect(before.toMs - before.fromMs).toBe(lengthMs);
        expect(periodFrom(before.toMs, before, offsetAt)).toEqual(asked);
      }),
    );
  });
});
