import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { definedSeries, findingsOf, freshDetector } from "../../../testing/detector-definitions.ts";
import { referenceBurn, type BurnBucket, type ReferencePair } from "../../../testing/reference-burn.ts";
import { createDetector, problemWithBuckets } from "./create-detector.ts";
import { checkDetectorDefinition } from "./detector-definition.ts";
import type { Observation } from "./detector.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-03-02T00:00:00Z");
const WORKBOOK = [
  { long: "PT1H", short: "PT5M", factor: 14.4 },
  { long: "PT6H", short: "PT30M", factor: 6 },
  { long: "P3D", short: "PT6H", factor: 1 },
];

const definitionOf = (pairs: readonly object[], target: number, more: object = {}) => ({
  ...{ kind: "BURN_RATE", windows: pairs, target, bad: { by: "SHARE" }, ...more },
});

const observationOf = ({ atMs, untilMs, total, bad }: BurnBucket): Observation => ({
  ...{ atMs, untilMs, hourOfWeek: 0, calendar: null, samples: total },
  value: total === 0 ? null : bad / total,
});

/** Minutes one after the other, of so many events each. */
const minutes = (counts: readonly (readonly [total: number, bad: number])[]): readonly BurnBucket[] =>
  counts.map(([total, bad], place) => {
    const atMs = START_MS + place * MINUTE_MS;
    return { atMs, untilMs: atMs + MINUTE_MS, total, bad };
  });
const constant = (count: number, total: number, bad: number) =>
  Array.from({ length: count }, (): readonly [number, number] => [total, bad]);

describe("burn rates", () => {
  const good = constant(4_320, 1_000, 0);
  test.each([
    ["a burn of 20 for an hour", "ANOMALOUS", [...good, ...constant(60, 1_000, 20)]],
    ["a burn of 20 for half an hour, of which an hour has 10", "NORMAL", [...good, ...constant(30, 1_000, 20)]],
    ["one that is over for six minutes", "NORMAL", [...good, ...constant(60, 1_000, 30), ...constant(6, 1_000, 0)]],
    ["a burn of 7 for six hours", "ANOMALOUS", constant(360, 1_000, 7)],
    ["a burn of 7 for an hour after good days", "NORMAL", [...good, ...constant(60, 1_000, 7)]],
    ["a slow burn of 2 for three days", "ANOMALOUS", constant(4_320, 1_000, 2)],
    ["exactly what the budget lasts", "NORMAL", constant(4_320, 1_000, 1)],
    ["one bad minute that had hardly any traffic", "NORMAL", [...constant(300, 1_000, 0), [2, 2]]],
    ["nothing", "NO_DATA", constant(5, 0, 0)],
  ] as const)("of 99.9 %%, by the workbook's windows: %s is %s", (_, outcome, counts) => {
    expect(findingsOf(definitionOf(WORKBOOK, 99.9), minutes(counts).map(observationOf)).at(-1)?.outcome).toBe(outcome);
  });

  const pair = fc
    .record({
      longMinutes: fc.integer({ min: 2, max: 40 }),
      share: fc.integer({ min: 1, max: 100 }),
      factor: fc.integer({ min: 1, max: 60 }).map((tenths) => tenths / 10),
    })
    .map(({ longMinutes, share, factor }): ReferencePair => {
      const shortMinutes = Math.max(1, Math.min(longMinutes - 1, Math.floor((longMinutes * share) / 100)));
      return { longMinutes, shortMinutes, factor };
    });
  const bucket = fc
    .tuple(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(2_000)), fc.nat(100))
    .map(([total, percent]): readonly [number, number] => [total, Math.floor((total * percent) / 100)]);
  const windowsOf = (pairs: readonly ReferencePair[]) =>
    pairs.map(({ longMinutes, shortMinutes, factor }) => ({
      ...{ long: `PT${longMinutes}M`, short: `PT${shortMinutes}M`, factor },
    }));

  test("trigger at every bucket where the workbook's definition does, counted anew from all events, wherever the memory was kept as text in between", () => {
    fc.assert(
      fc.property(
        fc.array(pair, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 160 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(bucket, { minLength: 1, maxLength: 120 }),
        (pairs, budget, minimumBad, counts) => {
          const definition = definedSeries(definitionOf(windowsOf(pairs), 100 - budget / 10, { minimumBad }));
          const story = minutes(counts);
          let detector = createDetector(definition, undefined);
          const found = story.map((one, place) => {
            if (place % 7 === 3) detector = createDetector(definition, JSON.parse(JSON.stringify(detector.save())));
            return detector.judge(observationOf(one)).outcome;
          });
          expect(found).toEqual(referenceBurn(story, pairs, budget, minimumBad));
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("tell with `high` the greatest share of the bucket that would not have triggered: so many bad ones don't, one more does", () => {
    fc.assert(
      fc.property(
        fc.array(pair, { minLength: 1, maxLength: 3 }),
        fc.array(bucket, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 3 }),
        (pairs, counts, minimumBad) => {
          const definition = definitionOf(windowsOf(pairs), 98, { minimumBad });
          const story = minutes(counts);
          const last = story.at(-1);
          if (last === undefined) return;
          const lastWith = (bad: number) =>
            findingsOf(definition, [...story.slice(0, -1), { ...last, bad }].map(observationOf)).at(-1);
          const high = lastWith(last.bad)?.high ?? null;
          if (high === null) return;
          const most = Math.round(high * last.total);
          expect(lastWith(most)?.outcome).toBe("NORMAL");
          expect(lastWith(most + 1)?.outcome).toBe("ANOMALOUS");
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("score what burns by the least factor, so that the pairs can be told apart, and name the buckets that weighed", () => {
    const finding = findingsOf(definitionOf(WORKBOOK, 99.9), minutes(constant(60, 1_000, 20)).map(observationOf)).at(
      -1,
    );
    expect(finding).toMatchObject({ outcome: "ANOMALOUS", side: "ABOVE", expected: 0.001 });
    expect(finding?.score).toBeCloseTo(20);
    expect(finding?.because).toBe("the error budget burns at 20 over 60 min and 20 over 5 min, against 14.4");
    expect(finding?.weighed).toHaveLength(10);
    expect(finding?.weighed[0]?.share).toBeCloseTo(1 / 60);
  });

  test("count slices by a bound, a value at it being good and a missing one no slice", () => {
    const values = [100, 101, null, 99, 101];
    const series = values.map((value, place): Observation => ({
      ...{ atMs: START_MS + place * 3_600_000, untilMs: START_MS + (place + 1) * 3_600_000 },
      ...{ value, samples: null, hourOfWeek: 0, calendar: null },
    }));
    const windows = [{ long: "PT5H", short: "PT1H", factor: 4 }];
    const above = { kind: "BURN_RATE", windows, target: 90, bad: { by: "ABOVE", bound: 100 } };
    expect(findingsOf(above, series).map(({ outcome }) => outcome)).toEqual([
      ...["NORMAL", "ANOMALOUS", "NORMAL", "NORMAL", "ANOMALOUS"],
    ]);
  });

  test("take three bytes for a minute in which little came, and let go of what no window reaches", () => {
    const detector = freshDetector(definitionOf(WORKBOOK, 99.9));
    for (const one of minutes(constant(5_000, 90, 1))) detector.judge(observationOf(one));
    const kept = JSON.stringify(detector.save());
    expect(kept.length).toBeLessThan(4_320 * 4 + 600);
  });

  test.each([
    [[{ long: "PT1H", short: "PT1H", factor: 2 }], 99, "windows.0.short"],
    [[{ long: "PT1H", short: "PT90S", factor: 2 }], 99, "windows.0.short"],
    [[{ long: "P31D", short: "PT1H", factor: 2 }], 99, "windows.0.long"],
    [[{ long: "PT1H", short: "PT5M", factor: 14.4 }], 90, "windows.0.factor"],
    [[{ long: "PT1H", short: "PT5M", factor: 1.0001 }], 99, "windows.0.factor"],
    [WORKBOOK, 100, "target"],
    [WORKBOOK, 99.9999999, "target"],
    [[], 99, "windows"],
  ])("%j of %d %% is refused at `%s`", (windows, target, field) => {
    const result = checkDetectorDefinition(definitionOf(windows, target));
    expect(result.valid ? [] : result.problems.map((problem) => problem.field)).toContain(field);
  });

  test("need windows of whole buckets, and no more of them than are remembered", () => {
    const definition = definedSeries(definitionOf(WORKBOOK, 99.9));
    expect(problemWithBuckets(definition, MINUTE_MS)).toBeNull();
    expect(problemWithBuckets(definition, 60 * MINUTE_MS)).toMatch(/window PT5M is no whole number/);
    const long = definedSeries(definitionOf([{ long: "P8D", short: "PT6H", factor: 1 }], 99.9));
    expect(problemWithBuckets(long, MINUTE_MS)).toMatch(/remember 11520 buckets/);
  });
});
