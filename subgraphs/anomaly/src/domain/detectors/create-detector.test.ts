import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { definedSeries, freshDetector } from "../../../testing/detector-definitions.ts";
import { anySeries, observationsOf } from "../../../testing/series-arbitraries.ts";
import { createDetector, historyOf, problemWithBuckets } from "./create-detector.ts";
import { checkDetectorDefinition, type SeriesDefinition } from "./detector-definition.ts";
import type { Observation } from "./detector.ts";
import { MAX_SCORE, MAX_WEIGHED } from "./finding.ts";
import { MAX_REMEMBERED } from "./recent.ts";

/** One of each kind, small enough that short series pass through all they do. */
const DEFINITIONS: readonly SeriesDefinition[] = [
  { kind: "STATIC", side: "ABOVE", high: 10, minimumSamples: 2 },
  { kind: "STATIC", side: "BELOW", low: 0 },
  { kind: "STATIC", side: "OUTSIDE", low: -5, high: 5, calendar: "APART" },
  { kind: "CHANGE", since: "BUCKETS_AGO", buckets: 2, periods: 3, unit: "PERCENT", by: 50 },
  { kind: "CHANGE", since: "DAY_AGO", unit: "ABSOLUTE", by: 3, sides: "ABOVE", calendar: "APART" },
  { kind: "ROBUST_Z", window: 10, calendar: "APART" },
  { kind: "ROBUST_Z", window: 12, sides: "BELOW", minimumDeviation: 1, calendar: "WIDEN" },
  { kind: "EWMA", baseline: 10, calendar: "AS_USUAL" },
  { kind: "AUTOMATIC", sensitivity: 2, calendar: "WIDEN" },
  { kind: "AUTOMATIC", calendar: "APART", sides: "ABOVE" },
  { kind: "SEASONAL_BAND", seasons: "DAY", calendar: "APART" },
  { kind: "SEASONAL_BAND", sides: "ABOVE", minimumDeviation: 2, calendar: "WIDEN" },
  { kind: "SEASONAL_BAND", method: "MSTL", seasons: "WEEK", sides: "BELOW" },
  { kind: "MISSING_DATA", buckets: 2, zeroIsNothing: true },
  { kind: "MISSING_DATA", buckets: 1, expects: "ALWAYS", calendar: "APART" },
  { kind: "FORECAST", low: -30, high: 30, horizonHours: 200 },
  { kind: "CHANGEPOINT", confirm: 2, minimumShift: 0.5, calendar: "WIDEN" },
  { kind: "ISOLATION_FOREST", window: 64, sample: 16, trees: 10, dimensions: 1, rarity: 1.5 },
  { kind: "HALF_SPACE_TREES", window: 50, trees: 5, depth: 4, dimensions: 2, rarity: 1.5, calendar: "AS_USUAL" },
  {
    ...{ kind: "BURN_RATE", target: 90, bad: { by: "SHARE" }, minimumBad: 2 },
    windows: [
      { long: "PT12H", short: "PT2H", factor: 1.5 },
      { long: "P1D", short: "PT6H", factor: 1 },
    ],
  },
  {
    ...{ kind: "BURN_RATE", target: 50, bad: { by: "ABOVE", bound: 10 } },
    windows: [{ long: "PT6H", short: "PT1H", factor: 1 }],
  },
  {
    kind: "ENSEMBLE",
    atLeast: 1,
    members: [{ detector: { kind: "EWMA", baseline: 10 } }, { detector: { kind: "STATIC", side: "ABOVE", high: 9 } }],
  },
  {
    kind: "ENSEMBLE",
    combine: "MEAN",
    members: [{ detector: { kind: "ROBUST_Z", window: 10 }, weight: 2 }, { detector: { kind: "MISSING_DATA" } }],
  },
].map(definedSeries);
/** Trees look at windows that are longer than what others need. */
const lengthFor = ({ kind }: SeriesDefinition): number =>
  kind.endsWith("FOREST") || kind.endsWith("TREES") ? 170 : 80;

describe.each(DEFINITIONS.map((definition) => [JSON.stringify(definition), definition] as const))("%s", (_, of) => {
  test("tells finite numbers that agree with each other, of whatever it is given", () => {
    fc.assert(
      fc.property(anySeries(lengthFor(of)), (series) => {
        const detector = createDetector(of, undefined);
        for (const observation of series) {
          const { outcome, score, expected, low, high, side, weighed, because } = detector.judge(observation);
          for (const number of [score, expected, low, high])
            expect(number === null || Number.isFinite(number)).toBe(true);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(MAX_SCORE);
          if (outcome === "ANOMALOUS") expect(score).toBeGreaterThanOrEqual(1);
          else expect(score).toBeLessThanOrEqual(1);
          if (outcome === "ANOMALOUS" && "sides" in of && of.sides !== "BOTH") expect(side).toBe(of.sides);
          expect(weighed.length).toBeLessThanOrEqual(MAX_WEIGHED);
          expect(weighed.reduce((sum, { share }) => sum + share, 0)).toBeLessThan(1 + 1e-9);
          expect(because).toMatch(/^[^.\s].*[^.]$/);
          expect(because).not.toMatch(/NaN|Infinity|undefined|null/);
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test("says the same after it was kept as text, wherever that was, and of another's memory nothing", () => {
    fc.assert(
      fc.property(anySeries(lengthFor(of)), fc.nat(lengthFor(of)), (series, at) => {
        const whole = createDetector(of, undefined);
        const before = createDetector(of, undefined);
        series.slice(0, at).forEach((one) => before.judge(one));
        const kept = JSON.stringify(before.save());
        const after = createDetector(of, JSON.parse(kept));
        const [anew, other] = [createDetector(of, { some: "other" }), createDetector(of, undefined)];
        for (const [place, observation] of series.entries()) {
          const finding = whole.judge(observation);
          if (place >= at) expect(after.judge(observation)).toEqual(finding);
          expect(anew.judge(observation)).toEqual(other.judge(observation));
        }
        expect(after.save()).toEqual(whole.save());
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  test("is shown no more history than it can remember", () => {
    for (const bucketMs of [10_000, 60_000, 3_600_000, 86_400_000]) {
      expect(historyOf(of, bucketMs)).toBeLessThanOrEqual(MAX_REMEMBERED);
      expect(Number.isInteger(historyOf(of, bucketMs))).toBe(true);
    }
  });
});

test("What a smoothed band had learnt before there was a choice of methods is still its own", () => {
  const definition = definedSeries({ kind: "SEASONAL_BAND", seasons: "DAY" });
  const before = JSON.stringify({ kind: "SEASONAL_BAND", minimumSamples: 0, calendar: "SKIP", sides: "BOTH" });
  expect(createDetector(definition, undefined).save()).toMatchObject({
    definition: before.replace("}", ',"seasons":"DAY","threshold":4,"minimumDeviation":0}'),
  });
});

describe("a definition", () => {
  test.each([
    [{ kind: "STATIC", side: "ABOVE" }, "high"],
    [{ kind: "STATIC", side: "OUTSIDE", low: 5, high: 5 }, "low"],
    [{ kind: "STATIC", side: "ABOVE", high: Number.NaN }, "high"],
    [{ kind: "STATIC", side: "ABOVE", high: 1, low: 0 }, "low"],
    [{ kind: "CHANGE", since: "DAY_AGO", unit: "PERCENT", by: 0 }, "by"],
    [{ kind: "CHANGE", since: "DAY_AGO", unit: "PERCENT", by: 5, periods: 9 }, "periods"],
    [{ kind: "ROBUST_Z", window: 9 }, "window"],
    [{ kind: "EWMA", lambda: 0 }, "lambda"],
    [{ kind: "AUTOMATIC", sensitivity: 5 }, "sensitivity"],
    [{ kind: "MISSING_DATA", buckets: 0 }, "buckets"],
    [{ kind: "FORECAST", horizonHours: 5 }, "high"],
    [{ kind: "FORECAST", horizonHours: 5, low: 3, high: 2 }, "low"],
    [{ kind: "CHANGEPOINT", confidence: 1 }, "confidence"],
    [{ kind: "ISOLATION_FOREST", sample: 1_000 }, "sample"],
    [{ kind: "HALF_SPACE_TREES", depth: 15 }, "depth"],
    [{ kind: "PEERS", calendar: "APART" }, "calendar"],
    [{ kind: "MULTIVARIATE", rarity: 20 }, "rarity"],
    [{ kind: "ENSEMBLE", members: [] }, "members"],
    [
      { kind: "ENSEMBLE", members: Array.from({ length: 2 }, () => ({ detector: { kind: "EWMA" } })), atLeast: 3 },
      "atLeast",
    ],
    [
      { kind: "ENSEMBLE", members: Array.from({ length: 2 }, () => ({ detector: { kind: "PEERS" } })) },
      "members.0.detector.kind",
    ],
    [{ kind: "SOOTHSAYER" }, "kind"],
    [null, ""],
  ])("that makes no sense is refused, and the field is named: %j", (input, field) => {
    const checked = checkDetectorDefinition(input);
    expect(checked.valid ? null : checked.problems[0]?.field).toBe(field);
  });

  test("says of a limit what it is", () => {
    const checked = checkDetectorDefinition({ kind: "ROBUST_Z", window: 5_000 });
    expect(checked.valid ? "" : checked.problems[0]?.message).toContain("2,016");
  });

  test.each(DEFINITIONS.map((definition) => [definition]))(
    "that was checked is the same when checked again: %j",
    (of) => expect(checkDetectorDefinition(JSON.parse(JSON.stringify(of)))).toEqual({ valid: true, value: of }),
  );

  test("that would have to remember more buckets than it may is told so, and what to change", () => {
    const yearAgo = definedSeries({ kind: "CHANGE", since: "YEAR_AGO", unit: "PERCENT", by: 10 });
    expect(problemWithBuckets(yearAgo, 3_600_000)).toBeNull();
    expect(problemWithBuckets(yearAgo, 60_000)).toContain("take longer buckets");
    expect(problemWithBuckets(definedSeries({ kind: "SEASONAL_BAND" }), 10_000)).toBeNull();
  });

  test("that is to be fitted to seasons of too many buckets, or of one, is told so, and what to take instead", () => {
    const [HOUR, DAY] = [3_600_000, 86_400_000];
    const fitted = (seasons: string) => definedSeries({ kind: "SEASONAL_BAND", method: "MSTL", seasons });
    const asMember = (seasons: string) =>
      definedSeries({ kind: "ENSEMBLE", members: [{ detector: { kind: "EWMA" } }, { detector: fitted(seasons) }] });
    for (const [seasons, bucketMs] of [
      ["DAY", 60_000],
      ["DAY_AND_WEEK", 60_000],
      ["DAY", DAY],
      ["WEEK", 7 * DAY],
    ] as const)
      for (const made of [fitted, asMember])
        expect(problemWithBuckets(made(seasons), bucketMs)).toContain("or the method SMOOTHED");
    for (const [seasons, bucketMs] of [
      ["DAY", HOUR],
      ["DAY_AND_WEEK", HOUR],
      ["WEEK", DAY],
      ["DAY_AND_WEEK", DAY],
    ] as const)
      for (const made of [fitted, asMember]) expect(problemWithBuckets(made(seasons), bucketMs)).toBeNull();
  });
});

describe("buckets that the calendar labels", () => {
  const series = observationsOf(Array.from({ length: 60 }, (_, place) => (place % 10 === 9 ? 1_000 : place % 3))).map(
    (one, place) => ({ ...one, calendar: place % 10 === 9 ? "sale" : null }),
  );
  const outcomes = (calendar: string): readonly string[] => {
    const detector = freshDetector({ kind: "ROBUST_Z", window: 20, calendar });
    return series.map((one) => detector.judge(one).outcome);
  };
  const labelled = (told: readonly string[]): readonly string[] => told.filter((_, place) => place % 10 === 9);
  const ordinary = (told: readonly string[]): readonly string[] => told.filter((_, place) => place % 10 !== 9);

  test("are neither judged nor learnt with SKIP", () => {
    expect(new Set(labelled(outcomes("SKIP")))).toEqual(new Set(["LEARNING"]));
    expect(ordinary(outcomes("SKIP"))).not.toContain("ANOMALOUS");
  });
  test("are judged by their like with APART", () =>
    expect(new Set(labelled(outcomes("APART")))).toEqual(new Set(["LEARNING"])));
  test.each([
    [8, "NORMAL"],
    [1_000, "ANOMALOUS"],
  ])(
    "are judged by what is usual with a band twice as wide with WIDEN until their like is known, and teach others nothing: %d is %s",
    (value, outcome) => {
      const [wide, skipping, usual] = ["WIDEN", "SKIP", "AS_USUAL"].map((calendar) =>
        freshDetector({ kind: "ROBUST_Z", window: 20, calendar }),
      );
      const days = observationsOf(Array.from({ length: 40 }, (_, place) => place % 3));
      for (const one of days.slice(0, 30)) expect(wide?.judge(one)).toEqual(usual?.judge(one));
      for (const one of days.slice(0, 30)) skipping?.judge(one);
      const sale = { ...observationsOf(Array.from({ length: 31 }, () => value))[30], calendar: "sale" } as const;
      const bucket = { ...days[30], ...sale } as Observation; // boundary: the list has that bucket
      const plain = usual?.judge(bucket);
      expect(plain).toMatchObject({ outcome: "ANOMALOUS", expected: 1 });
      const { low = null, high = null, score = 0 } = plain ?? {};
      expect(wide?.judge(bucket)).toMatchObject({
        ...{ outcome, score: score / 2, expected: 1, low: 2 * (low ?? 0) - 1, high: 2 * (high ?? 0) - 1 },
        because: expect.stringContaining("too little is known of sale"),
      });
      skipping?.judge(bucket);
      for (const one of days.slice(31)) expect(wide?.judge(one)).toEqual(skipping?.judge(one));
    },
  );
  test("are judged with all others with AS_USUAL", () => expect(labelled(outcomes("AS_USUAL"))).toContain("ANOMALOUS"));
});
