import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceEaster, referenceEntry } from "../../../testing/reference-calendar.ts";
import { calendarCodec, checkCalendar, dateOf } from "./check-calendar.ts";
import { CHURCHES, OBSERVANCES, WEEKDAYS, type CalendarEntry, type EventCalendar } from "./event-calendar.ts";
import { markBuckets, NO_CALENDAR, occurrencesIn } from "./occurrences.ts";
import { firstDayIn } from "./yearly-days.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const calendarOf = (entries: readonly object[], timeZone = "UTC"): EventCalendar => {
  const checked = checkCalendar({ name: "holidays", timeZone, entries });
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  return checked.value;
};
const problemsOf = (entry: object, more: object = {}) => {
  const checked = checkCalendar({ name: "holidays", timeZone: "UTC", entries: [{ label: "a", ...entry }], ...more });
  return checked.valid ? [] : checked.problems.map(({ field }) => field);
};
const datesIn = (entry: object, ...years: readonly number[]): readonly (string | null)[] => {
  const [made] = calendarOf([{ label: "a", ...entry }]).entries;
  const time = made?.time;
  if (time?.kind !== "YEARLY") throw new Error("It comes every year.");
  return years.map((year) => {
    const day = firstDayIn(time, year);
    return day === null ? null : dateOf(day);
  });
};

describe("a day that comes every year", () => {
  test("is Easter of both churches as their tables have it, from 1970 to 2199", () => {
    for (const church of CHURCHES)
      for (let year = 1970; year <= 2199; year += 1)
        expect(datesIn({ easter: { church } }, year)).toEqual([dateOf(referenceEaster(church, year))]);
    expect(datesIn({ easter: { church: "WESTERN" } }, 2024, 2025, 2038)).toEqual([
      "2024-03-31",
      "2025-04-20",
      "2038-04-25",
    ]);
    expect(datesIn({ easter: { church: "ORTHODOX" } }, 2024, 2025)).toEqual(["2024-05-05", "2025-04-20"]);
  });

  test.each([
    [{ date: { month: 2, day: 29 } }, [2023, 2024], [null, "2024-02-29"]],
    [
      { weekday: { month: 11, weekday: "THURSDAY", nth: 4 }, offsetDays: 1 },
      [2025, 2026],
      ["2025-11-28", "2026-11-27"],
    ],
    [{ weekday: { month: 5, weekday: "MONDAY", nth: -1 } }, [2026], ["2026-05-25"]],
    [{ weekday: { month: 3, weekday: "SUNDAY", nth: 5 } }, [2026, 2027], ["2026-03-29", null]],
    [{ easter: { church: "WESTERN" }, offsetDays: -2 }, [2026], ["2026-04-03"]],
    [
      { date: { month: 7, day: 4 }, observed: "NEAREST_WEEKDAY" },
      [2026, 2027, 2028],
      ["2026-07-03", "2027-07-05", "2028-07-04"],
    ],
    [{ date: { month: 12, day: 25 }, observed: "NEXT_MONDAY" }, [2027, 2028], ["2027-12-27", "2028-12-25"]],
    [{ date: { month: 1, day: 1 }, firstYear: 2025, lastYear: 2026 }, [2024, 2025, 2027], [null, "2025-01-01", null]],
  ])("%j falls on the dates people keep", (entry, years, dates) => {
    expect(datesIn(entry, ...years)).toEqual(dates);
  });
});

describe("a bucket is of an entry", () => {
  const berlin = (day: string) =>
    markBuckets(
      calendarOf([{ label: "xmas", days: { from: "2026-12-25", to: "2026-12-26" } }], "Europe/Berlin"),
      Date.parse(`${day}T00:00:00Z`) - 9 * DAY_MS,
      Date.parse(`${day}T00:00:00Z`) + 9 * DAY_MS,
    );

  test("whose days are those of the calendar's own clock", () => {
    const mark = berlin("2026-12-25");
    const at = Date.parse("2026-12-24T23:00:00Z");
    expect(mark(at - HOUR_MS, at).label).toBeNull();
    expect(mark(at, at + HOUR_MS).label).toBe("xmas");
    expect(mark(at + 47 * HOUR_MS, at + 48 * HOUR_MS).label).toBe("xmas");
    expect(mark(at + 48 * HOUR_MS, at + 49 * HOUR_MS).label).toBeNull();
  });

  test("when half of the shorter of both is shared: a day of another zone's is, the hour before it makes no day one, and a week with a holiday is", () => {
    const mark = berlin("2026-12-25");
    const day = (date: string) => Date.parse(`${date}T00:00:00Z`);
    expect(
      ["2026-12-24", "2026-12-25", "2026-12-26", "2026-12-27"].map((one) => mark(day(one), day(one) + DAY_MS).label),
    ).toEqual([null, "xmas", "xmas", null]);
    expect(mark(day("2026-12-21"), day("2026-12-28")).label).toBe("xmas");
    expect(mark(day("2026-12-14"), day("2026-12-21")).label).toBeNull();
  });

  test("a day of which has 23 or 25 hours where clocks change, and begins later where midnight does not exist", () => {
    const days = [
      { label: "a", days: { from: "2026-03-29" } },
      { label: "b", days: { from: "2026-10-25" } },
    ];
    const lengths = occurrencesIn(calendarOf(days, "Europe/Berlin"), Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)).map(
      ({ fromMs, untilMs }) => (untilMs - fromMs) / HOUR_MS,
    );
    expect(lengths).toEqual([23, 25]);
    // Cairo put its clocks forward at midnight of 24 April 2026.
    const [cairo] = occurrencesIn(
      calendarOf([{ label: "a", days: { from: "2026-04-24" } }], "Africa/Cairo"),
      Date.UTC(2026, 3, 20),
      Date.UTC(2026, 3, 30),
    );
    expect(new Date(cairo?.fromMs ?? 0).toISOString()).toBe("2026-04-23T22:00:00.000Z");
    expect(((cairo?.untilMs ?? 0) - (cairo?.fromMs ?? 0)) / HOUR_MS).toBe(23);
  });

  test("that stands first where two are, and one that is like a weekday has that weekday's hours and no label", () => {
    const calendar = calendarOf([
      { label: "second", days: { from: "2026-05-01" }, like: "SUNDAY" },
      { label: "first", days: { from: "2026-05-01", to: "2026-05-02" } },
    ]);
    const mark = markBuckets(calendar, Date.UTC(2026, 4, 1), Date.UTC(2026, 4, 3));
    expect(mark(Date.UTC(2026, 4, 1, 8), Date.UTC(2026, 4, 1, 9))).toEqual({ label: null, like: 6 });
    expect(mark(Date.UTC(2026, 4, 2, 8), Date.UTC(2026, 4, 2, 9))).toEqual({ label: "first", like: null });
    expect(NO_CALENDAR(0, 1)).toEqual({ label: null, like: null });
  });

  const yearly = fc.record({
    offsetDays: fc.integer({ min: -40, max: 40 }),
    lasts: fc.integer({ min: 1, max: 9 }),
    observed: fc.constantFrom(...OBSERVANCES),
  });
  const base = fc.oneof(
    fc.record({ date: fc.record({ month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 28 }) }) }),
    fc.record({
      weekday: fc.record({
        month: fc.integer({ min: 1, max: 12 }),
        weekday: fc.constantFrom(...WEEKDAYS),
        nth: fc.constantFrom(1, 2, 3, 4, 5, -1, -2, -5),
      }),
    }),
    fc.record({ easter: fc.record({ church: fc.constantFrom(...CHURCHES) }) }),
  );
  const span = fc
    .tuple(fc.integer({ min: 0, max: 366 * 96 }), fc.integer({ min: 1, max: 400 }))
    .map(([from, lasts]) => ({
      span: {
        from: new Date(Date.UTC(2026, 0, 1) + from * 900_000).toISOString(),
        until: new Date(Date.UTC(2026, 0, 1) + (from + lasts) * 900_000).toISOString(),
      },
    }));
  const entry = fc.oneof(
    fc.tuple(base, yearly).map(([on, more]) => ({ ...on, ...more })),
    span,
  );

  test("as one says who looks at each quarter of an hour and each day by itself, in any zone", () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"),
        fc.integer({ min: 0, max: 365 * 24 }),
        fc.constantFrom(1, 24),
        (entries, zone, hour, lasts) => {
          const calendar = calendarOf(
            entries.map((one, place) => ({ label: `e${place}`, ...one })),
            zone,
          );
          // Around an occurrence, so that most buckets are of one or beside one.
          const near =
            occurrencesIn(calendar, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))[hour % 7]?.fromMs ??
            Date.UTC(2026, 0, 1) + hour * HOUR_MS;
          const atMs = Math.floor(near / HOUR_MS) * HOUR_MS + ((hour % 5) - 2) * lasts * (HOUR_MS / 2);
          const untilMs = atMs + lasts * HOUR_MS;
          const wanted: CalendarEntry | null = referenceEntry(calendar, atMs, untilMs);
          expect(markBuckets(calendar, atMs, untilMs)(atMs, untilMs).label).toBe(wanted?.label ?? null);
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe("a calendar", () => {
  test("is read as it is written", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom<object>(
            { days: { from: "2026-01-01", to: "2026-01-03" } },
            { date: { month: 5, day: 1 }, like: "SUNDAY" },
            { easter: { church: "ORTHODOX" }, offsetDays: -2, lasts: 4, title: "πάσχα" },
            { weekday: { month: 9, weekday: "MONDAY", nth: 1 }, lastYear: 2030 },
            { span: { from: "2026-01-01T10:00:00Z", until: "2026-01-01T12:00:00+01:00" } },
          ),
          { maxLength: 5 },
        ),
        (entries) => {
          const calendar = calendarOf(
            entries.map((one) => ({ label: "a", ...one })),
            "Asia/Tokyo",
          );
          expect(calendarCodec.read(JSON.parse(JSON.stringify(calendarCodec.write(calendar))))).toEqual(calendar);
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
    expect(() => calendarCodec.read({ name: "" })).toThrow("A stored calendar is none");
  });

  test.each<[object, string]>([
    [{}, "entries.0.days"],
    [{ days: { from: "2026-01-01" }, date: { month: 1, day: 1 } }, "entries.0.date"],
    [{ days: { from: "2026-01-01" }, offsetDays: 1 }, "entries.0.offsetDays"],
    [{ days: { from: "2026-01-02", to: "2026-01-01" } }, "entries.0.days.to"],
    [{ days: { from: "2026-01-01", to: "2027-01-03" } }, "entries.0.days.to"],
    [{ days: { from: "2026-02-30" } }, "entries.0.days.from"],
    [{ days: { from: "1815-06-18" } }, "entries.0.days.from"],
    [{ span: { from: "2026-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z" } }, "entries.0.span.until"],
    [{ date: { month: 2, day: 30 } }, "entries.0.date.day"],
    [{ weekday: { month: 1, weekday: "MONDAY", nth: 0 } }, "entries.0.weekday.nth"],
    [{ easter: { church: "WESTERN" }, firstYear: 2030, lastYear: 2029 }, "entries.0.lastYear"],
    [{ easter: { church: "WESTERN" }, lasts: 32 }, "entries.0.lasts"],
    [{ label: "Black Friday", days: { from: "2026-01-01" } }, "entries.0.label"],
  ])("with the entry %j is refused, and the place is named", (entry, field) => {
    expect(problemsOf(entry)).toContain(field);
  });

  test("of an unknown zone, without a name or with too many entries is refused", () => {
    const days = { days: { from: "2026-01-01" } };
    expect(problemsOf(days, { timeZone: "Mars/Olympus", name: " " })).toEqual(["name", "timeZone"]);
    expect(problemsOf(days, { entries: Array.from({ length: 501 }, () => ({ label: "a", ...days })) })).toEqual([
      "entries",
    ]);
  });
});
