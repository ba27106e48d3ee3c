import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { definedSeries, groupDetectorOf } from "../../../testing/detector-definitions.ts";
import { hourOfWeek } from "../rules/watch-plan.ts";
import { createDetector, historyOf } from "./create-detector.ts";
import { checkDetectorDefinition, type SeriesDefinition } from "./detector-definition.ts";
import type { Finding, Observation } from "./detector.ts";

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
    .map(
      ([, kind = "", cold = "", gap = "", holiday = "", told = ""]) => [kind, { cold, gap, holiday, told }] as const,
    ),
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

const BURNING = { target: 99, bad: { by: "SHARE" }, windows: [{ long: "PT1H", short: "PT5M", factor: 14.4 }] };

/** What is told of an anomaly, in the words of the table, with what it says of the value put to the proof. */
const toldOf = (finding: Finding | undefined, value: number | null): string => {
  if (finding === undefined) return "found nothing";
  const { score, expected, low, high, weighed } = finding;
  const shares = weighed.map(({ share }) => share);
  if (score < 1 || shares.length === 0 || shares.some((share) => share <= 0)) return "no score, or nothing weighed";
  if (low !== null && high !== null && low > high) return "a band that is upside down";
  const isInside = value !== null && value >= (low ?? -Infinity) && value <= (high ?? Infinity);
  if (isInside) return "a value within its band";
  const bounds = low !== null && high !== null ? "band" : low !== null || high !== null ? "the bound" : "nothing";
  return expected === null ? bounds : `expected, ${bounds}`;
};

describe.each(kinds)("%s as it ships", (kind) => {
  test("finds what is twenty times as much, comes to be, or does not come at all, and tells of it as the table says", () => {
    const series = hoursOf({ fromMs: START_MS, count: LENGTH + 30 }, (place) => {
      if (place < LENGTH) return {};
      // A forecast finds what will be, and what is forecast must not have been passed yet.
      if (kind === "FORECAST") return { value: 1_000 + 300 * (place - LENGTH) };
      return { value: kind === "MISSING_DATA" ? null : 4_000 };
    });
    const detector = createDetector(definitionOf(kind), undefined);
    const found = series.map((one) => ({ value: one.value, finding: detector.judge(one) })).slice(LENGTH);
    const first = found.find(({ finding }) => finding.outcome === "ANOMALOUS");
    // Its band is of the end of its horizon.
    const value = kind === "FORECAST" ? null : (first?.value ?? null);
    expect(toldOf(first?.finding, value)).toBe(table.get(kind)?.told);
  });
});

test("BURN_RATE, PEERS and MULTIVARIATE tell of what they find as the table says", () => {
  const minutes = Array.from({ length: 4_400 }, (_, place): Observation => {
    const atMs = START_MS + place * 60_000;
    const same = { atMs, untilMs: atMs + 60_000, samples: 1_000, hourOfWeek: 0, calendar: null };
    return { ...same, value: place < 4_380 ? 0 : 1 };
  });
  const burning = createDetector(definedSeries({ kind: "BURN_RATE", ...BURNING }), undefined);
  const burnt = minutes.map((one) => burning.judge(one)).find(({ outcome }) => outcome === "ANOMALOUS");
  expect(toldOf(burnt, 1)).toBe(table.get("BURN_RATE")?.told);
  for (const kind of ["PEERS", "MULTIVARIATE"]) {
    const detector = groupDetectorOf({ kind });
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const hours = hoursOf({ fromMs: START_MS, count: 301 });
    const found = hours.map((one, place) => {
      const own = (at: number): number =>
        at === 0 && place === 300 ? 4_000 : (one.value ?? 0) * (1 + noise(place + at) / 9);
      return detector.judge(new Map(names.map((name, at) => [name, { ...one, value: own(at) }])));
    });
    const last = found.at(-1)?.get("a");
    expect(last?.outcome).toBe("ANOMALOUS");
    expect(toldOf(last, 4_000)).toBe(table.get(kind)?.told);
  }
});

test.each(["BURN_RATE", "PEERS", "MULTIVARIATE"])("%s has a calendar as the table says", (kind) => {
  const needed = { BURN_RATE: BURNING, PEERS: {}, MULTIVARIATE: {} }[kind];
  const result = checkDetectorDefinition({ kind, ...needed });
  const definition = result.valid ? result.value : { kind: "UNKNOWN", calendar: "unknown" };
  const own = "calendar" in definition ? definition.calendar : "none";
  expect(table.get(kind)?.holiday).toBe(own);
});
