import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { definedSeries } from "../../../testing/detector-definitions.ts";
import { hourOfWeek } from "../rules/watch-plan.ts";
import { createDetector, historyOf } from "./create-detector.ts";
import { checkDetectorDefinition, type SeriesDefinition } from "./detector-definition.ts";
import type { Observation } from "./detector.ts";

const DOCS = new URL("../../../../../docs/anomaly-detection.md", import.meta.url);
const HOUR_MS = 3_600_000;
/** Each kind that judges a series by itself, with what it needs beside its defaults; those that judge by hours of the day go by the clock. */
const KINDS: Readonly<Record<string, { readonly input: object; readonly byClock: boolean }>> = {
  STATIC: { input: { side: "ABOVE", high: 500 }, byClock: false },
  CHANGE: { input: { since: "DAY_AGO", unit: "PERCENT", by: 80 }, byClock: true },
  ROBUST_Z: { input: {}, byClock: false },
  EWMA: { input: {}, byClock: false },
  AUTOMATIC: { input: {}, byClock: true },
  SEASONAL_BAND: { input: {}, byClock: true },
  MSTL: { input: { method: "MSTL" }, byClock: true },
  CHANGEPOINT: { input: {}, byClock: false },
  FORECAST: { input: { high: 5_000, horizonHours: 2 }, byClock: false },
  MISSING_DATA: { input: {}, byClock: true },
  ISOLATION_FOREST: { input: {}, byClock: false },
  HALF_SPACE_TREES: { input: {}, byClock: false },
  ENSEMBLE: {
    input: { members: [{ detector: { kind: "ROBUST_Z" } }, { detector: { kind: "EWMA" } }] },
    byClock: false,
  },
};
const kinds = Object.keys(KINDS);
const definitionOf = (kind: string): SeriesDefinition =>
  definedSeries({ kind: kind === "MSTL" ? "SEASONAL_BAND" : kind, ...KINDS[kind]?.input });

const noise = (at: number): number => Math.abs(Math.sin(at * 78.233) * 43_758.5453) % 1;
/** Hours from a moment on in a zone, whose people are up by its clock; `more` says what is not as usual. */
const hoursOf = (
  { fromMs, count, zone = "UTC" }: { readonly fromMs: number; readonly count: number; readonly zone?: string },
  more: (place: number) => Partial<Observation> = () => ({}),
): readonly Observation[] =>
  Array.from({ length: count }, (_, place) => {
    const atMs = fromMs + place * HOUR_MS;
    const hour = hourOfWeek(zone, atMs);
    const value = Math.round(200 + 80 * Math.sin(((hour % 24) * Math.PI) / 12) + 20 * noise(place));
    return { atMs, untilMs: atMs + HOUR_MS, value, samples: value, hourOfWeek: hour, calendar: null, ...more(place) };
  });
const outcomesOf = (kind: string, series: readonly Observation[]): readonly string[] => {
  const detector = createDetector(definitionOf(kind), undefined);
  return series.map((one) => detector.judge(one).outcome);
};
const START_MS = Date.parse("2026-01-05T00:00:00Z");
/** A week more than most of them learn of hours. */
const LENGTH = 900;

/** Rows of the table of situations, by kind. */
const table = new Map(
  (/<!-- situations:[^>]*-->([\s\S]*?)<!-- situations end -->/.exec(readFileSync(DOCS, "utf8"))?.[1] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, kind = "", cold = "", gap = "", holiday = ""]) => [kind, { cold, gap, holiday }] as const),
);

test("The table of situations tells of each kind that judges a series by itself, and of those that judge series together", () => {
  expect([...table.keys()]).toEqual([...kinds, "BURN_RATE", "PEERS", "MULTIVARIATE"]);
});

describe.each(kinds)("%s", (kind) => {
  const usual = hoursOf({ fromMs: START_MS, count: LENGTH });

  test("judges its first bucket when the table says, and never later than after the history a rule shows it", () => {
    const cold = outcomesOf(kind, usual).findIndex((outcome) => outcome !== "LEARNING");
    expect(table.get(kind)?.cold).toBe(String(cold));
    expect(cold).toBeLessThanOrEqual(historyOf(definitionOf(kind), HOUR_MS));
  });

  test("takes a gap for what the table says, keeps its place in time, and finds nothing strange in what comes after it", () => {
    const gap = (place: number): boolean => place >= LENGTH - 40 && place < LENGTH - 30;
    const outcomes = outcomesOf(
      kind,
      hoursOf({ fromMs: START_MS, count: LENGTH }, (place) => (gap(place) ? { value: null, samples: 0 } : {})),
    );
    const [within, after] = [outcomes.filter((_, place) => gap(place)), outcomes.slice(LENGTH - 30)];
    expect(table.get(kind)?.gap).toBe([...new Set(within)].join(", "));
    expect(after).not.toContain("ANOMALOUS");
  });

  test("takes holidays as the table says unless told otherwise: a strange one is skipped, or judged", () => {
    const isHoliday = (place: number): boolean => place >= LENGTH - 24;
    const series = hoursOf({ fromMs: START_MS, count: LENGTH }, (place) =>
      isHoliday(place) ? { value: 4_000, samples: 4_000, calendar: "holiday" } : {},
    );
    const outcomes = outcomesOf(kind, series).slice(LENGTH - 24);
    const definition = definitionOf(kind);
    expect("calendar" in definition ? definition.calendar : "AS_USUAL").toBe(table.get(kind)?.holiday);
    // An ensemble leaves them to its members, which skip them.
    if (table.get(kind)?.holiday === "SKIP" || kind === "ENSEMBLE")
      expect(new Set(outcomes)).toEqual(new Set(["LEARNING"]));
    else expect(outcomes).toContain("ANOMALOUS");
  });

  test("goes over the hour that clocks skip and the one they show twice without an alarm, where it goes by the clock", () => {
    for (const changeMs of [Date.parse("2026-03-29T01:00:00Z"), Date.parse("2026-10-25T01:00:00Z")]) {
      const fromMs = changeMs - (LENGTH - 72) * HOUR_MS;
      const outcomes = outcomesOf(kind, hoursOf({ fromMs, count: LENGTH, zone: "Europe/Berlin" })).slice(LENGTH - 72);
      if (KINDS[kind]?.byClock === true) expect(outcomes).not.toContain("ANOMALOUS");
      expect(outcomes).not.toContain("NO_DATA");
    }
  });
});

test.each(["BURN_RATE", "PEERS", "MULTIVARIATE"])("%s has a calendar as the table says", (kind) => {
  const needed = { BURN_RATE: { target: 99, bad: { by: "SHARE" } }, PEERS: {}, MULTIVARIATE: {} }[kind];
  const result = checkDetectorDefinition({ kind, ...needed });
  const definition = result.valid ? result.value : null;
  const own = definition !== null && "calendar" in definition ? definition.calendar : "none";
  expect(table.get(kind)?.holiday).toBe(own);
});
