import { describe, expect, test } from "@jest/globals";
import { zoneOffset } from "@tessera/platform/time/zone";
import fc from "fast-check";
import { hourOfWeek } from "../rules/watch-plan.ts";
import { momentOf } from "../zone-clock.ts";
import type { Observation } from "./detector.ts";
import { createSeriesClock } from "./series-clock.ts";

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
const YEAR_MS = Date.parse("2026-01-01T00:00:00Z");

/** The moments of 2026 at which a zone's clocks are changed, read off its offsets minute by minute where hours differ. */
const changesOf = (zone: string): readonly number[] => {
  const offset = zoneOffset(zone);
  return Array.from({ length: 365 * 24 }, (_, hour) => YEAR_MS + hour * HOUR_MS).flatMap((hourMs) => {
    if (offset(hourMs) === offset(hourMs + HOUR_MS)) return [];
    const minutes = Array.from({ length: 60 }, (_, minute) => hourMs + (minute + 1) * MINUTE_MS);
    return minutes.filter((ms) => offset(ms) !== offset(ms - MINUTE_MS));
  });
};
const bucket = (zone: string, atMs: number, untilMs: number): Observation => ({
  ...{ atMs, untilMs, value: 1, samples: null, calendar: null },
  hourOfWeek: hourOfWeek(zone, atMs),
});
const bucketsFrom = (zone: string, fromMs: number, widthMs: number, count: number): readonly Observation[] =>
  Array.from({ length: count }, (_, place) => {
    const atMs = fromMs + place * widthMs;
    return bucket(zone, atMs, atMs + widthMs);
  });
const STEP = 4;
/** What the clock says of a series: before which buckets it was changed, and for each place before the last where it lies. */
const toldOf = (series: readonly Observation[], at = series.length) => {
  const before = createSeriesClock(null, STEP);
  const first = series.slice(0, at).map(before.placesLeftBefore);
  const after = createSeriesClock(structuredClone(before.save()), STEP);
  const left = [...first, ...series.slice(at).map(after.placesLeftBefore)];
  const changed = series.filter((_, place) => left[place] !== 0).map(({ atMs }) => atMs);
  /** Where each place of the series begins; null of those that a change left empty. */
  const places = series.flatMap(({ atMs }, place) => [...Array.from({ length: left[place] ?? 0 }, () => null), atMs]);
  return { changed, places, placeBefore: after.placesBefore };
};

describe("the clock of a series", () => {
  const ZONES = ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "America/Santiago", "Asia/Kolkata"] as const;

  test.each(ZONES)("finds each change, at its bucket and nowhere else, wherever it was kept in between: %s", (zone) => {
    const changes = changesOf(zone);
    const any = fc.record({
      hours: fc.integer({ min: 3, max: 40 }),
      widthMs: fc.constantFrom(MINUTE_MS, 5 * MINUTE_MS, HOUR_MS),
      about: fc.constantFrom(...(changes.length === 0 ? [YEAR_MS + 90 * DAY_MS] : changes)),
      // Half-hour zones have hours that begin within those of UTC.
      at: fc.nat(100),
    });
    fc.assert(
      fc.property(any, ({ hours, widthMs, about, at }) => {
        const fromMs = about - hours * HOUR_MS;
        const series = bucketsFrom(zone, fromMs, widthMs, Math.ceil((2 * hours * HOUR_MS) / widthMs));
        const { changed, places, placeBefore } = toldOf(series, at);
        const inside = changes.filter((ms) => ms > fromMs && ms < fromMs + 2 * hours * HOUR_MS);
        expect(changed).toEqual(inside);
        const last = series.at(-1);
        if (last === undefined) return;
        const agos = places.toReversed();
        const wrong = agos.filter((ms, ago) => ms !== null && placeBefore(last, ago) !== ms);
        expect(wrong).toEqual([]);
        // The same time of the day on the clock is a multiple of the step away, on both sides of a change.
        const clockAt = (ms: number): number => (((ms + zoneOffset(zone)(ms)) % DAY_MS) + DAY_MS) % DAY_MS;
        const apart = agos.filter((ms, ago) => ms !== null && clockAt(ms) === clockAt(last.atMs) && ago % STEP !== 0);
        expect(apart).toEqual([]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("finds a change of half an hour within the hour, and one alone", () => {
    const changes = changesOf("Australia/Lord_Howe");
    expect(changes).toHaveLength(2);
    for (const ms of changes) {
      const series = bucketsFrom("Australia/Lord_Howe", ms - 30 * HOUR_MS, 5 * MINUTE_MS, 60 * 12);
      const { changed } = toldOf(series);
      expect(changed).toHaveLength(1);
      expect((changed[0] ?? 0) - ms).toBeGreaterThanOrEqual(0);
      expect((changed[0] ?? 0) - ms).toBeLessThan(HOUR_MS);
    }
  });

  test("takes days of 23 and 25 hours for days, and tells where each of a year began", () => {
    const zone = "Europe/Berlin";
    const starts = Array.from({ length: 366 }, (_, day) => momentOf(zone, YEAR_MS + day * DAY_MS, 0));
    const days = starts.slice(0, -1).map((atMs, day) => bucket(zone, atMs, starts[day + 1] ?? 0));
    for (const last of [364, 200, 87, 88, 297, 298]) {
      const { changed, placeBefore } = toldOf(days.slice(0, last + 1));
      const [ofLast] = days.slice(last);
      expect(changed).toEqual([]);
      if (ofLast === undefined) continue;
      const wrong = starts.slice(0, last + 1).filter((ms, day) => placeBefore(ofLast, last - day) !== ms);
      expect(wrong).toEqual([]);
    }
  });

  test("takes buckets that do not follow each other for no change", () => {
    const series = bucketsFrom("Europe/Berlin", YEAR_MS, HOUR_MS, 300).filter((_, place) => place % 7 < 3);
    expect(toldOf(series).changed).toEqual([]);
  });
});
