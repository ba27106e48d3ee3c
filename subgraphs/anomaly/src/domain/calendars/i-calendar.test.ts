import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { entryFormOf } from "./check-calendar.ts";
import { MAX_FILE_CHARACTERS, readICalendar } from "./i-calendar.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
const fileOf = (...events: readonly string[]): string =>
  [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//test//EN",
    ...events.flatMap((one, place) => ["BEGIN:VEVENT", `UID:${place}`, one, "END:VEVENT"]),
    "END:VCALENDAR",
  ]
    .join("\r\n")
    .replace(/(?<!\r)\n/gu, "\r\n");
const read = (text: string, zone = "Europe/Berlin") => {
  const checked = readICalendar(text, zone, NOW_MS);
  if (!checked.valid) throw new Error(checked.problems.map(({ field, message }) => `${field}: ${message}`).join("\n"));
  return checked.value.map((entry) => z.record(z.string(), z.unknown()).parse(entryFormOf(entry)));
};
const once = { like: null };
const everyYear = { offsetDays: 0, observed: "AS_IT_FALLS", like: null, lastYear: null };

describe("an iCalendar file", () => {
  test("gives days, spans in their own zones, and names that are labels", () => {
    const text = fileOf(
      "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:Weihnachten & Feiertage",
      "DTSTART;VALUE=DATE:20260101\nSUMMARY:元日",
      "DTSTART;TZID=America/New_York:20261127T090000\nDURATION:PT8H\nSUMMARY:Çok özel",
      "DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nSUMMARY:Launch",
      "DTSTART:20260701T100000\nDTEND:20260701T110000",
    );
    expect(read(text)).toEqual([
      {
        label: "weihnachten-feiertage",
        title: "Weihnachten & Feiertage",
        days: { from: "2026-12-25", to: "2026-12-26" },
        ...once,
      },
      { label: "元日", title: "元日", days: { from: "2026-01-01", to: "2026-01-01" }, ...once },
      {
        label: "cok-ozel",
        title: "Çok özel",
        span: { from: "2026-11-27T14:00:00.000Z", until: "2026-11-27T22:00:00.000Z" },
        ...once,
      },
      {
        label: "launch",
        title: "Launch",
        span: { from: "2026-12-01T10:00:00.000Z", until: "2026-12-01T11:00:00.000Z" },
        ...once,
      },
      {
        label: "event",
        title: null,
        span: { from: "2026-07-01T08:00:00.000Z", until: "2026-07-01T09:00:00.000Z" },
        ...once,
      },
    ]);
  });

  test("keeps what comes every year as such, up to the year it ends in", () => {
    const text = fileOf(
      "DTSTART;VALUE=DATE:20200704\nRRULE:FREQ=YEARLY\nSUMMARY:Independence",
      "DTSTART;VALUE=DATE:20201126\nDTEND;VALUE=DATE:20201128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20281101\nSUMMARY:Thanks",
      "DTSTART;VALUE=DATE:20240501\nRRULE:FREQ=YEARLY;COUNT=3\nSUMMARY:May",
    );
    expect(read(text)).toEqual([
      {
        label: "independence",
        title: "Independence",
        date: { month: 7, day: 4 },
        lasts: 1,
        ...everyYear,
        firstYear: 2020,
      },
      {
        label: "thanks",
        title: "Thanks",
        weekday: { month: 11, weekday: "THURSDAY", nth: 4 },
        lasts: 2,
        ...everyYear,
        firstYear: 2020,
        lastYear: 2027,
      },
      {
        label: "may",
        title: "May",
        date: { month: 5, day: 1 },
        lasts: 1,
        ...everyYear,
        firstYear: 2024,
        lastYear: 2026,
      },
    ]);
  });

  test("has yearly occurrences written down where some are left out, are of hours, or come every other year", () => {
    const skipping = fileOf(
      "DTSTART;VALUE=DATE:20240601\nRRULE:FREQ=YEARLY;UNTIL=20280601\nEXDATE;VALUE=DATE:20260601\nSUMMARY:a",
    );
    expect(read(skipping).map(({ days }) => days)).toEqual(
      ["2024-06-01", "2025-06-01", "2027-06-01", "2028-06-01"].map((day) => ({ from: day, to: day })),
    );
    const hours = fileOf(
      "DTSTART;TZID=Europe/Berlin:20250329T230000\nDTEND;TZID=Europe/Berlin:20250330T050000\nRRULE:FREQ=YEARLY;INTERVAL=2\nSUMMARY:b",
    );
    expect(
      read(hours)
        .slice(0, 2)
        .map(({ span }) => span),
    ).toEqual([
      { from: "2025-03-29T22:00:00.000Z", until: "2025-03-30T03:00:00.000Z" },
      { from: "2027-03-29T21:00:00.000Z", until: "2027-03-30T03:00:00.000Z" },
    ]);
  });

  test("has no cancelled events", () => {
    expect(read(fileOf("DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED\nSUMMARY:a"))).toEqual([]);
  });

  test.each([
    ["RRULE:FREQ=WEEKLY;BYDAY=MO", "only days that come every year"],
    // Recurrences that never come, over which libraries look for ever.
    ["RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "only days that come every year"],
    ["RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31", "only days that come every year"],
    ["RRULE:FREQ=YEARLY;BYYEARDAY=366", "only days that come every year"],
    ["RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1MO,2MO", "only days that come every year"],
    ["RDATE;VALUE=DATE:20270101", "only days that come every year"],
  ])("with %s is refused, and the event is named", (line, because) => {
    const checked = readICalendar(fileOf(`DTSTART;VALUE=DATE:20260101\nSUMMARY:stand-up\n${line}`), "UTC", NOW_MS);
    expect(checked).toMatchObject({ valid: false, problems: [{ field: "iCalendar" }] });
    if (!checked.valid)
      expect(checked.problems[0]?.message).toMatch(new RegExp(`^The event stand-up \\(0\\): ${because}`, "u"));
  });

  test.each([
    [
      "DTSTART;TZID=W. Europe Standard Time:20260101T100000\nDURATION:PT1H",
      "its zone W. Europe Standard Time is none of the IANA list",
    ],
    ["DTSTART:20260101T100000Z", "it ends no later than it begins"],
    ["SUMMARY:nothing", "it has no DTSTART"],
  ])("whose event says %j is refused with what to change", (event, because) => {
    expect(readICalendar(fileOf(event), "UTC", NOW_MS)).toMatchObject({
      problems: [{ message: expect.stringContaining(because) }],
    });
  });

  test.each([
    ["", "no iCalendar file"],
    ["hello", "no iCalendar file"],
    ["BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR", "no iCalendar file"],
    ["x".repeat(MAX_FILE_CHARACTERS + 1), "at most 500000 characters"],
    [fileOf(...Array.from({ length: 501 }, () => "DTSTART;VALUE=DATE:20260101")), "at most 500 events"],
  ])("that is none, or too large, is refused (case %#)", (text, because) => {
    expect(readICalendar(text, "UTC", NOW_MS)).toMatchObject({
      valid: false,
      problems: [{ field: "iCalendar", message: expect.stringContaining(because) }],
    });
  });
});
