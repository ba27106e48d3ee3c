import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkDetectorDefinition, isOfGroup, type SeriesDefinition } from "../detectors/detector-definition.ts";
import { createDetector } from "../detectors/create-detector.ts";
import { checkAlertPolicy } from "../alerts/alert-policy-definition.ts";
import type { Observation } from "../detectors/detector.ts";
import { certainOf, endOfBucket, isSettled } from "./open-bucket.ts";
import { watchedQuestionSchema } from "./watch.ts";

const HOUR_MS = 3_600_000;
const STORY_MS = Date.parse("2026-03-02T00:00:00Z");

const definitionOf = (input: object): SeriesDefinition => {
  const checked = checkDetectorDefinition(input);
  if (checked.valid && !isOfGroup(checked.value)) return checked.value;
  throw new Error("The definition is broken.");
};
const policyOf = (score: number) => {
  const checked = checkAlertPolicy({ fire: { score }, clear: { score: Math.min(1, score) } });
  if (checked.valid) return checked.value;
  throw new Error("The policy is broken.");
};
const observationAt = (place: number, value: number | null): Observation => {
  const atMs = STORY_MS + place * HOUR_MS;
  return { atMs, untilMs: atMs + HOUR_MS, value, samples: value, hourOfWeek: place % 168, calendar: null };
};

const sided = ["ABOVE", "BELOW", "BOTH"].flatMap((sides) => [
  { kind: "CHANGE", since: "BUCKETS_AGO", buckets: 2, periods: 3, unit: "PERCENT", by: 20, sides },
  { kind: "CHANGE", since: "DAY_AGO", unit: "ABSOLUTE", by: 3, sides, minimumSamples: 4 },
  { kind: "ROBUST_Z", window: 10, sides },
  { kind: "EWMA", baseline: 10, lambda: 0.4, sides },
  { kind: "SEASONAL_BAND", seasons: "DAY", sides },
]);
const definitions = [
  { kind: "STATIC", side: "ABOVE", high: 12 },
  { kind: "STATIC", side: "BELOW", low: 7, minimumSamples: 2 },
  { kind: "STATIC", side: "OUTSIDE", low: 4, high: 15 },
  { kind: "MISSING_DATA", buckets: 1, expects: "ALWAYS", zeroIsNothing: true },
  ...sided,
];

describe("what is certain of a bucket that has not ended", () => {
  test.each(definitions)("by %j is so when it has, however much comes", (input) => {
    const definition = definitionOf(input);
    const certain = certainOf(definition);
    expect(certain.breach || certain.clear).toBe(true);
    const count = fc.integer({ min: 0, max: 30 });
    const history = fc.array(fc.option(count, { nil: null, freq: 9 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(history, fc.tuple(count, count), fc.constantFrom(0.5, 1, 2), (before, [one, other], score) => {
        const policy = policyOf(score);
        const learnt = createDetector(definition, undefined);
        before.forEach((value, place) => learnt.judge(observationAt(place, value)));
        const saved: unknown = JSON.parse(JSON.stringify(learnt.save()));
        const judged = (value: number) => createDetector(definition, saved).judge(observationAt(before.length, value));
        const [early, last] = [judged(Math.min(one, other)), judged(Math.max(one, other))];
        if (!isSettled(certain, policy, early)) return;
        expect(isSettled(certain, policy, last)).toBe(true);
        expect(last.outcome).toBe(early.outcome);
        if (early.outcome === "ANOMALOUS") expect(last.score).toBeGreaterThanOrEqual(early.score);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test.each([
    { kind: "AUTOMATIC" },
    { kind: "CHANGEPOINT" },
    { kind: "HALF_SPACE_TREES" },
    { kind: "ISOLATION_FOREST" },
    { kind: "FORECAST", high: 5, horizonHours: 2 },
  ])("is nothing by %j, which weighs the bucket itself", (input) => {
    expect(certainOf(definitionOf(input))).toEqual({ breach: false, clear: false });
  });
});

test.each([
  ["DAY", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
  ["DAY", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
  ["DAY", "Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"],
  ["WEEK", "Europe/Berlin", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"],
  ["HOUR", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"],
  ["DAY", "UTC", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"],
] as const)("A bucket of a %s in %s that begins at %s ends at %s", (granularity, timeZone, from, to) => {
  const watch = watchedQuestionSchema.parse({ question: { olap: {} }, granularity, timeZone });
  expect(new Date(endOfBucket(watch, Date.parse(from))).toISOString()).toBe(new Date(to).toISOString());
});
