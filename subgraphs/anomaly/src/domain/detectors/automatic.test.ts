import { describe, expect, test } from "@jest/globals";
import { freshDetector, definedSeries } from "../../../testing/detector-definitions.ts";
import { observationsOf } from "../../../testing/series-arbitraries.ts";
import { hourOfWeek } from "../rules/watch-plan.ts";
import { createDetector } from "./create-detector.ts";
import type { Observation } from "./detector.ts";
import { createEnsemble } from "./ensemble.ts";

const HOUR_MS = 3_600_000;
/** Hours before a change of clocks, and those after it that are looked at. */
const [BEFORE, AFTER] = [1_428, 72];
const noise = (seed: number, at: number): number =>
  Math.abs(Math.sin((at + 1_000 * seed) * 78.233 + seed) * 43_758.5453) % 1;

/** Hours about a moment in a zone, whose people are up by its clock; from the fifth after it on `planted`, where that is given. */
const hoursAbout = (zone: string, ms: number, seed: number, planted: number | null): readonly Observation[] =>
  Array.from({ length: BEFORE + AFTER }, (_, place) => {
    const atMs = ms + (place - BEFORE) * HOUR_MS;
    const hour = hourOfWeek(zone, atMs);
    const usual = Math.round(200 + 80 * Math.sin(((hour % 24) * Math.PI) / 12) + 20 * noise(seed, place));
    const value = planted !== null && place >= BEFORE + 5 ? planted : usual;
    return { atMs, untilMs: atMs + HOUR_MS, value, samples: value, hourOfWeek: hour, calendar: null };
  });

describe.each([
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
])("when clocks of %s are changed at %s, AUTOMATIC", (zone, time) => {
  const changeMs = Date.parse(time);

  test("raises nothing of a series that goes by them, and what weighed are buckets of the series", () => {
    for (const seed of [0, 1, 2]) {
      const series = hoursAbout(zone, changeMs, seed, null);
      const detector = freshDetector({ kind: "AUTOMATIC" });
      const found = series.map((one) => detector.judge(one)).slice(BEFORE);
      expect(found.filter(({ outcome }) => outcome !== "NORMAL")).toEqual([]);
      const starts = new Set(series.map(({ atMs }) => atMs));
      const weighed = found.flatMap((one) => one.weighed.map(({ atMs }) => atMs));
      expect(weighed.filter((ms) => !starts.has(ms))).toEqual([]);
      expect(weighed.some((ms) => ms < changeMs)).toBe(true);
    }
  });

  test("finds within six hours what breaks in then", () => {
    const series = hoursAbout(zone, changeMs, 7, 20);
    const detector = freshDetector({ kind: "AUTOMATIC" });
    const found = series.map((one) => detector.judge(one).outcome).slice(BEFORE + 5, BEFORE + 11);
    expect(found).toContain("ANOMALOUS");
  });
});

test("What AUTOMATIC had learnt before it knew of clocks is still its own", () => {
  const values = Array.from({ length: 400 }, (_, place) => 100 + 40 * Math.sin(place / 4) + 10 * noise(3, place));
  const series = observationsOf(values);
  const [old, now] = [createEnsemble(), freshDetector({ kind: "AUTOMATIC" })];
  for (const { value, hourOfWeek: hour } of series.slice(0, 300)) old.judge({ value, hourOfWeek: hour });
  series.slice(0, 300).forEach((one) => now.judge(one));
  const definition = definedSeries({ kind: "AUTOMATIC" });
  const kept = { definition: JSON.stringify(definition), state: { ordinary: old.save(), labels: [] } };
  const after = createDetector(definition, structuredClone(kept));
  for (const one of series.slice(300)) expect(after.judge(one)).toEqual(now.judge(one));
});

describe("What AUTOMATIC told of", () => {
  /** Values of a series that is usual, is beside itself for so many buckets by a factor, and is usual again. */
  const outage = (lasts: number, times: number): readonly number[] =>
    Array.from({ length: 5_030 + lasts + 60 }, (_, place) => {
      const usual = 240 + 80 * Math.sin((place % 1_440) / 230) + 30 * noise(11, place);
      return place >= 5_030 && place < 5_030 + lasts ? usual * times : usual;
    });
  const judgedOf = (lasts: number, times: number) => {
    const detector = freshDetector({ kind: "AUTOMATIC" });
    return observationsOf(outage(lasts, times)).map((one) => detector.judge(one));
  };

  test.each([0, 0.5, 2, 10])("is not over while it lasts, and is when it ends, at %s times what is usual", (times) => {
    const lasts = 15;
    const found = judgedOf(lasts, times).slice(5_030);
    expect(found[0]?.outcome).toBe("ANOMALOUS");
    const during = found.slice(1, lasts);
    // It is news once, and never below the score under which an alert is over.
    expect(during.filter(({ outcome, score }) => outcome === "ANOMALOUS" || score !== 1)).toEqual([]);
    expect(during.filter(({ because }) => !because.endsWith("as before: it goes on"))).toEqual([]);
    expect(found.slice(lasts).findIndex(({ score }) => score < 1)).toBeLessThanOrEqual(2);
  });

  test("becomes usual where it lasts for ever", () => {
    const found = judgedOf(1_500, 2).slice(5_030, 6_530);
    expect(found.slice(-50).filter(({ score }) => score < 1).length).toBeGreaterThan(25);
  });
});
