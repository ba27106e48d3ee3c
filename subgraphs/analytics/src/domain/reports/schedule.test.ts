import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cronText, referenceDue, type PlainCron } from "../../../testing/reference-schedule.ts";
import { dueAfter, newestDue, parseSchedule, type ReportSchedule, type ReportScheduleInput } from "./schedule.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (text: string): number => Date.parse(text);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Zones with the days on which their clocks change: by an hour, by half an hour, at midnight, to the other side of the date line, never. */
const CHANGES: readonly (readonly [string, string])[] = [
  ["Europe/Berlin", "2026-03-29T00:00:00Z"],
  ["Europe/Berlin", "2026-10-25T00:00:00Z"],
  ["America/New_York", "2026-03-08T00:00:00Z"],
  ["America/New_York", "2026-11-01T00:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T12:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T12:00:00Z"],
  ["America/Havana", "2026-03-08T00:00:00Z"],
  ["Pacific/Apia", "2011-12-30T00:00:00Z"],
  ["Asia/Kathmandu", "2026-03-29T00:00:00Z"],
];

const some = (min: number, max: number): fc.Arbitrary<readonly number[] | null> =>
  fc.option(fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }), { nil: null });
const cron: fc.Arbitrary<PlainCron> = fc.record({
  minute: fc.constantFrom(0, 15, 30, 45, 59),
  hours: fc.oneof(some(0, 3), some(0, 23)),
  days: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some(1, 31) }),
  months: fc.constant(null),
  weekdays: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some(0, 6) }),
});

describe("a schedule", () => {
  test("is due when a walk over all minutes of the days around changes of the clock says so, in every zone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CHANGES),
        cron,
        fc.integer({ min: -1_440, max: 0 }),
        ([timeZone, change], plain, shift) => {
          const fromMs = at(change) + shift * MINUTE_MS;
          const toMs = fromMs + 3 * DAY_MS;
          const schedule = { cron: cronText(plain), timeZone };
          const expected = referenceDue(plain, timeZone, fromMs, toMs);
          const found: number[] = [];
          for (let due = dueAfter(schedule, fromMs); due !== null && due <= toMs; due = dueAfter(schedule, due))
            found.push(due);
          expect(found.map(iso)).toEqual(expected.map(iso));
          const [first] = expected;
          if (first !== undefined) expect(iso(newestDue(schedule, first, toMs))).toBe(iso(expected.at(-1) ?? null));
        },
      ),
      { numRuns: 50, endOnFailure: true },
    );
  }, 120_000);

  test.each<[string, ReportScheduleInput, string, string | null]>([
    [
      "a day of every month by its word",
      { every: "MONTH", at: "07:30", day: 1, timeZone: "Europe/Berlin" },
      "2026-06-01T12:00:00Z",
      "2026-07-01T05:30:00.000Z",
    ],
    [
      "the last day of each month",
      { every: "MONTH", at: "00:00", day: 31 },
      "2026-02-01T00:00:00Z",
      "2026-02-28T00:00:00.000Z",
    ],
    [
      "a day of the week",
      { every: "WEEK", at: "09:00", weekday: "MONDAY" },
      "2026-06-01T09:00:00Z",
      "2026-06-08T09:00:00.000Z",
    ],
    [
      "a time that the clock skips, at the moment it does",
      { every: "DAY", at: "02:30", timeZone: "Europe/Berlin" },
      "2026-03-28T12:00:00Z",
      "2026-03-29T01:00:00.000Z",
    ],
    [
      "a time that comes twice, the first time",
      { every: "DAY", at: "02:30", timeZone: "Europe/Berlin" },
      "2026-10-24T12:00:00Z",
      "2026-10-25T00:30:00.000Z",
    ],
    [
      "and not the second",
      { every: "DAY", at: "02:30", timeZone: "Europe/Berlin" },
      "2026-10-25T00:30:00Z",
      "2026-10-26T01:30:00.000Z",
    ],
    ["a leap day, years away", { cron: "0 6 29 2 *" }, "2026-06-01T00:00:00Z", "2028-02-29T06:00:00.000Z"],
    [
      "working days by their names",
      { cron: " 15  6 * * mon-fri " },
      "2026-06-05T06:15:00Z",
      "2026-06-08T06:15:00.000Z",
    ],
  ])("tells %s", (_what, input, after, due) => {
    expect(iso(dueAfter(parseSchedule(input, NOW, "input.schedule"), at(after)))).toBe(due);
  });

  test("of what was missed tells the newest alone, however long ago the first was", () => {
    const hourly: ReportSchedule = { cron: "5 * * * *", timeZone: "UTC" };
    expect(iso(newestDue(hourly, at("2020-01-01T00:05:00Z"), NOW))).toBe("2026-06-01T11:05:00.000Z");
    const yearly: ReportSchedule = { cron: "0 0 1 1 *", timeZone: "UTC" };
    expect(iso(newestDue(yearly, at("2020-01-01T00:00:00Z"), NOW))).toBe("2026-01-01T00:00:00.000Z");
    const leap: ReportSchedule = { cron: "0 0 29 2 *", timeZone: "UTC" };
    expect(iso(newestDue(leap, at("2024-02-29T00:00:00Z"), NOW))).toBe("2024-02-29T00:00:00.000Z");
    expect(newestDue(hourly, NOW + 1, NOW)).toBeNull();
  });

  test.each<[string, ReportScheduleInput, string]>([
    ["neither way", {}, "input.schedule"],
    ["both ways", { cron: "0 6 * * *", every: "DAY", at: "06:00" }, "input.schedule"],
    ["cron with a time", { cron: "0 6 * * *", at: "06:00" }, "input.schedule"],
    ["seconds", { cron: "0 0 6 * * *" }, "input.schedule.cron"],
    ["more than once an hour", { cron: "*/5 * * * *" }, "input.schedule.cron"],
    ["a minute there is none of", { cron: "61 6 * * *" }, "input.schedule.cron"],
    ["an hour there is none of", { cron: "0 25 * * *" }, "input.schedule.cron"],
    ["words in place of a cron expression", { cron: "0 every day at noon" }, "input.schedule.cron"],
    ["what is too long", { cron: `0 ${"1,".repeat(150)}1 * * *` }, "input.schedule.cron"],
    ["a day there is never", { cron: "0 0 31 2 *" }, "input.schedule"],
    ["a zone there is none of", { cron: "0 6 * * *", timeZone: "Mars/Olympus" }, "input.schedule.timeZone"],
    ["no time of the day", { every: "DAY" }, "input.schedule.at"],
    ["a wrong time of the day", { every: "DAY", at: "24:00" }, "input.schedule.at"],
    ["a week without its day", { every: "WEEK", at: "06:00" }, "input.schedule.weekday"],
    ["a day with a day of the week", { every: "DAY", at: "06:00", weekday: "MONDAY" }, "input.schedule.weekday"],
    ["a month without its day", { every: "MONTH", at: "06:00" }, "input.schedule.day"],
    ["a day that February lacks", { every: "MONTH", at: "06:00", day: 30 }, "input.schedule.day"],
  ])("is refused for %s, at its place", (_what, input, field) => {
    expect(() => parseSchedule(input, NOW, "input.schedule")).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", extras: expect.objectContaining({ field }) }),
    );
  });
});
