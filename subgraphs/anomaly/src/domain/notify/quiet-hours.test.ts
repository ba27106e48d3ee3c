import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceDigest, referenceQuiet } from "../../testing/notify/reference-clock.ts";
import { nextDigest } from "./digest.ts";
import { afterQuiet, isQuiet, type QuietHours } from "./quiet-hours.ts";

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "America/St_Johns",
] as const;
/** Around days on which clocks are set on and back, and one on which nothing is. */
const DAYS = ["2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-04-04", "2026-10-03", "2026-06-15"];
const MINUTE_MS = 60_000;
const moment = fc
  .tuple(fc.constantFrom(...DAYS), fc.integer({ min: 0, max: 3 * 1_440 * 60 - 1 }))
  .map(([day, second]) => Date.parse(`${day}T00:00:00Z`) + second * 1_000);
const hours = fc
  .record({
    fromMinute: fc.integer({ min: 0, max: 1_439 }),
    toMinute: fc.oneof(fc.integer({ min: 0, max: 1_439 }), fc.constantFrom(90, 120, 150, 180)),
    weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }),
    timeZone: fc.constantFrom(...ZONES),
  })
  .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute)
  .map((drawn): QuietHours => ({ ...drawn, except: "CRITICAL" }));

describe("Quiet hours", () => {
  test("are what a calendar on the wall says, and are over at the first minute that is not", () => {
    fc.assert(
      fc.property(hours, moment, (quiet, atMs) => {
        const isQuietThen = referenceQuiet(quiet);
        expect(isQuiet(quiet, atMs)).toBe(isQuietThen(atMs));
        let expected = atMs;
        if (isQuietThen(atMs)) {
          expected = Math.floor(atMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
          while (isQuietThen(expected)) expected += MINUTE_MS;
        }
        expect(new Date(afterQuiet(quiet, "ERROR", atMs)).toISOString()).toBe(new Date(expected).toISOString());
        expect(afterQuiet(quiet, "CRITICAL", atMs)).toBe(atMs);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test.each([
    ["that end in the hour clocks skip are over when they do", "02:30", "2026-03-29T01:00:00Z"],
    ["that end in the hour clocks show twice are over the first time", "02:30", "2026-10-25T00:30:00Z"],
  ])("%s", (_what, _to, over) => {
    const quiet: QuietHours = {
      fromMinute: 1_320,
      toMinute: 150,
      weekdays: [],
      timeZone: "Europe/Berlin",
      except: null,
    };
    expect(new Date(afterQuiet(quiet, "CRITICAL", Date.parse(over) - 3_600_000)).toISOString()).toBe(
      new Date(over).toISOString(),
    );
  });
});

describe("A digest", () => {
  test("is due at the first minute after that its expression names by the clock of its zone, once where clocks are set back", () => {
    const crons = [
      { cron: "30 2 * * *", names: (minute: number) => minute === 150 },
      { cron: "0 9 * * *", names: (minute: number) => minute === 540 },
      { cron: "15 */6 * * *", names: (minute: number) => minute % 360 === 15 },
    ];
    fc.assert(
      fc.property(fc.constantFrom(...crons), fc.constantFrom(...ZONES), moment, ({ cron, names }, timeZone, atMs) => {
        const due = nextDigest({ every: { kind: "CRON", cron }, timeZone, except: null }, atMs);
        expect(new Date(due ?? 0).toISOString()).toBe(new Date(referenceDigest(names, timeZone, atMs)).toISOString());
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test("of so many minutes is due at the same moments for whoever asks", () => {
    const digest = { every: { kind: "INTERVAL", minutes: 15 }, timeZone: "UTC", except: null } as const;
    for (const [at, due] of [
      ["12:00:00", "12:15"],
      ["12:14:59", "12:15"],
      ["12:15:00", "12:30"],
    ])
      expect(nextDigest(digest, Date.parse(`2026-11-21T${at}Z`))).toBe(Date.parse(`2026-11-21T${due}:00Z`));
  });
});
