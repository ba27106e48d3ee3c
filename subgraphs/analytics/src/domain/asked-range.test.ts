import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bucketLabel } from "../../testing/reference-olap.ts";
import { absoluteRange, toldRange, type CalendarRangeEnd, type TimeRangeInput } from "./asked-range.ts";
import type { CalendarUnit } from "./calendar.ts";

/** A Friday. */
const NOW = "2026-11-20T12:34:56.789Z";
const at = (input: TimeRangeInput, zone = "UTC", now = NOW): readonly string[] => {
  const { from, to } = toldRange(absoluteRange(input, Date.parse(now), zone, "input.range"), zone);
  return [from, to];
};

/** Milliseconds between two looks at the wall clock that miss no unit. */
const LOOK_MS: Readonly<Record<CalendarUnit, number>> = {
  MINUTE: 30_000,
  HOUR: 900_000,
  DAY: 6 * 3_600_000,
  WEEK: 86_400_000,
  MONTH: 5 * 86_400_000,
  QUARTER: 20 * 86_400_000,
  YEAR: 100 * 86_400_000,
};

describe("relative ranges", () => {
  test.each<[string, TimeRangeInput, string, readonly string[]]>([
    [
      "the last 7 days",
      { calendar: { unit: "DAY", count: 7 } },
      "UTC",
      ["2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"],
    ],
    [
      "yesterday",
      { calendar: { unit: "DAY" } },
      "Asia/Kathmandu",
      ["2026-11-19T00:00:00+05:45", "2026-11-20T00:00:00+05:45"],
    ],
    [
      "this month to date",
      { calendar: { unit: "MONTH", ending: "NOW" } },
      "UTC",
      ["2026-11-01T00:00:00Z", "2026-11-20T12:34:56.789Z"],
    ],
    [
      "the previous quarter",
      { calendar: { unit: "QUARTER" } },
      "Europe/Berlin",
      ["2026-07-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00"],
    ],
    [
      "all of this week",
      { calendar: { unit: "WEEK", ending: "WITH_CURRENT" } },
      "UTC",
      ["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"],
    ],
    [
      "the day a week ago",
      { calendar: { unit: "DAY", ending: "WITH_CURRENT", ago: 7 } },
      "UTC",
      ["2026-11-13T00:00:00Z", "2026-11-14T00:00:00Z"],
    ],
    [
      "the last 24 hours to the moment",
      { sliding: "PT24H" },
      "UTC",
      ["2026-11-19T12:34:56.789Z", "2026-11-20T12:34:56.789Z"],
    ],
    ["since a moment", { from: "2026-11-01T00:00:00Z" }, "UTC", ["2026-11-01T00:00:00Z", "2026-11-20T12:34:56.789Z"]],
    [
      "a zone of their own",
      { calendar: { unit: "DAY", timeZone: "America/New_York" } },
      "UTC",
      ["2026-11-19T05:00:00Z", "2026-11-20T05:00:00Z"],
    ],
  ])("%s", (_what, input, zone, expected) => {
    expect(at(input, zone)).toEqual(expected);
  });

  test("days are of the zone's calendar where clocks change: 7 days that are an hour longer, and a day of 23 hours", () => {
    expect(at({ calendar: { unit: "DAY", count: 7 } }, "Europe/Berlin", "2026-10-26T08:00:00Z")).toEqual([
      "2026-10-19T00:00:00+02:00",
      "2026-10-26T00:00:00+01:00",
    ]);
    expect(at({ calendar: { unit: "DAY" } }, "America/New_York", "2026-03-09T12:00:00Z")).toEqual([
      "2026-03-08T00:00:00-05:00",
      "2026-03-09T00:00:00-04:00",
    ]);
  });

  test("at the first moment of a unit, its part up to now is that moment", () => {
    expect(at({ calendar: { unit: "DAY", ending: "NOW" } }, "UTC", "2026-11-20T00:00:00Z")).toEqual([
      "2026-11-20T00:00:00Z",
      "2026-11-20T00:00:00.001Z",
    ]);
  });

  test("hold as many units as were asked for, whole ones, up to the one they are to end with, by any zone's wall clock", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2030, 0) }),
        fc.constantFrom<CalendarUnit>("MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom<CalendarRangeEnd>("BEFORE_CURRENT", "NOW", "WITH_CURRENT"),
        fc.integer({ min: 0, max: 3 }),
        fc.constantFrom(
          "UTC",
          "Europe/Berlin",
          "America/New_York",
          "Asia/Kathmandu",
          "Australia/Lord_Howe",
          "America/Santiago",
        ),
        (nowMs, unit, count, ending, back, timeZone) => {
          const ago = ending === "NOW" ? 0 : back;
          const asked = { calendar: { unit, count, ending, ago } };
          const { from, to } = absoluteRange(asked, nowMs, timeZone, "input.range");
          const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
          const label = (ms: number): string => bucketLabel(ms, unit, timeZone);
          const between = (first: number, last: number): ReadonlySet<string> => {
            const labels = new Set([label(last)]);
            for (let ms = first; ms < last; ms += LOOK_MS[unit]) labels.add(label(ms));
            return labels;
          };
          // A unit that begins now holds nothing yet; alone it is as short as a range may be.
          const begins = ending === "NOW" && count > 1 && label(nowMs) !== label(nowMs - 1);
          expect(between(fromMs, toMs - 1).size).toBe(begins ? count - 1 : count);
          expect(label(fromMs)).not.toBe(label(fromMs - 1));
          if (ending === "NOW") expect(toMs).toBe(Math.max(nowMs, fromMs + 1));
          else expect(label(toMs)).not.toBe(label(toMs - 1));
          // From the last unit to now there are the current one, if it is not the last, and those it lies further back.
          const last = ending === "BEFORE_CURRENT" ? ago + 2 : ago + 1;
          expect(between(Math.min(toMs - 1, nowMs), nowMs).size).toBe(begins ? last + 1 : last);
        },
      ),
      { numRuns: 400, endOnFailure: true },
    );
  });

  test.each<[string, TimeRangeInput, string, string]>([
    ["none at all", {}, "input.range", "exactly one"],
    ["two ways at once", { from: NOW, sliding: "PT1H" }, "input.range", "exactly one"],
    ["an end without a beginning", { to: NOW }, "input.range.from", "needs `from`"],
    ["a beginning to come without an end", { from: "2027-01-01T00:00:00Z" }, "input.range.from", "give it a `to`"],
    ["no unit at all", { calendar: { unit: "DAY", count: 0 } }, "input.range.calendar.count", "1 to 5,000"],
    ["too many units", { calendar: { unit: "DAY", count: 5_001 } }, "input.range.calendar.count", "1 to 5,000"],
    ["units before all time", { calendar: { unit: "YEAR", count: 60 } }, "input.range", "1971"],
    ["more than ten years", { calendar: { unit: "YEAR", count: 11 } }, "input.range", "10 years"],
    ["a part of a unit", { calendar: { unit: "DAY", ago: 0.5 } }, "input.range.calendar.ago", "whole number"],
    [
      "up to now, further back",
      { calendar: { unit: "DAY", ending: "NOW", ago: 1 } },
      "input.range.calendar.ago",
      "leave `ago` out",
    ],
    [
      "a zone there is not",
      { calendar: { unit: "DAY", timeZone: "Mars/Base" } },
      "input.range.calendar.timeZone",
      "IANA",
    ],
    ["no time", { sliding: "PT0S" }, "input.range.sliding", "between"],
    ["a length without a fixed one", { sliding: "P1M" }, "input.range.sliding", "weeks, days"],
  ])("%s is refused", (_what, input, field, words) => {
    expect(() => at(input)).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", extras: { field }, message: expect.stringContaining(words) }),
    );
  });
});
