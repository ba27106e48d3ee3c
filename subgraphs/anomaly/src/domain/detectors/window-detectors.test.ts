import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { findingsOf } from "../../../testing/detector-definitions.ts";
import { modifiedZ, movingAverageChart } from "../../../testing/reference-detectors.ts";
import { MONDAY_MS, observationsOf } from "../../../testing/series-arbitraries.ts";
import type { Finding, Observation } from "./detector.ts";

const HOUR_MS = 3_600_000;
const lastOf = (input: object, values: readonly (number | null)[], bucketMs = HOUR_MS): Finding | undefined =>
  findingsOf(input, observationsOf(values, bucketMs)).at(-1);

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);

describe("fixed bounds", () => {
  test.each([
    [{ side: "ABOVE", high: 10 }, 10, "NORMAL", 1],
    [{ side: "ABOVE", high: 10 }, 20, "ANOMALOUS", 2],
    [{ side: "ABOVE", high: 10 }, 0, "NORMAL", 0],
    [{ side: "ABOVE", high: -10 }, -5, "ANOMALOUS", 1.5],
    [{ side: "ABOVE", high: 0 }, 3, "ANOMALOUS", 4],
    [{ side: "BELOW", low: 10 }, 5, "ANOMALOUS", 1.5],
    [{ side: "BELOW", low: 10 }, 10, "NORMAL", 1],
    [{ side: "OUTSIDE", low: 0, high: 10 }, 5, "NORMAL", 0],
    [{ side: "OUTSIDE", low: 0, high: 10 }, 10, "NORMAL", 1],
    [{ side: "OUTSIDE", low: 0, high: 10 }, -5, "ANOMALOUS", 2],
    [{ side: "ABOVE", high: 10 }, null, "NO_DATA", 0],
  ])("%j of %j is %s with a score of %d", (definition, given, outcome, score) =>
    expect(lastOf({ kind: "STATIC", ...definition }, [given])).toMatchObject({ outcome, score }),
  );
});

describe("the change since an earlier time", () => {
  const byHalf = { kind: "CHANGE", since: "BUCKETS_AGO", unit: "PERCENT", by: 50 };

  test.each([
    [[100, 150], "NORMAL", 1],
    [[100, 200], "ANOMALOUS", 2],
    [[100, 25], "ANOMALOUS", 1.5],
    [[-100, -175], "ANOMALOUS", 1.5],
    [[0, 0], "NORMAL", 0],
    [[0, 1], "ANOMALOUS", 1_000],
    [[null, 5], "LEARNING", 0],
    [[5], "LEARNING", 0],
  ])("by 50 per cent, of %j: %s with a score of %d", (values, outcome, score) =>
    expect(lastOf(byHalf, values)).toMatchObject({ outcome, score }),
  );

  test("from 0, a floor says from where on a change is too great", () => {
    expect(lastOf({ ...byHalf, atLeast: 10 }, [0, 5])).toMatchObject({ outcome: "NORMAL", score: 0.5 });
    expect(lastOf({ ...byHalf, atLeast: 10 }, [0, 20])).toMatchObject({ outcome: "ANOMALOUS", score: 2 });
  });

  test("is from the median of several periods, of those that were measured", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        (values, buckets) => {
          const found = lastOf(
            { kind: "CHANGE", since: "BUCKETS_AGO", unit: "ABSOLUTE", by: 7, buckets, periods: 3 },
            values,
          );
          const before = [1, 2, 3]
            .map((period) => values[values.length - 1 - period * buckets] ?? null)
            .filter((one) => one !== null)
            .toSorted((one, other) => one - other);
          const now = values.at(-1) ?? null;
          const median = before.length === 2 ? ((before[0] ?? 0) + (before[1] ?? 0)) / 2 : before[before.length >> 1];
          if (now === null) return expect(found?.outcome).toBe("NO_DATA");
          if (median === undefined) return expect(found?.outcome).toBe("LEARNING");
          expect(found?.score).toBeCloseTo(Math.abs(now - median) / 7, 9);
          return expect(found?.weighed.map(({ share }) => share)).toEqual(before.map(() => 1 / before.length));
        },
      ),
    );
  });

  /** Hours of a zone whose clock is put forward by an hour after so many: they are an hour later in the week from then on. */
  const changedAfter = (hours: number, count: number): readonly Observation[] =>
    observationsOf(Array.from({ length: count }, (_, place) => place)).map((one, place) => ({
      ...one,
      hourOfWeek: (place + (place >= hours ? 1 : 0)) % 168,
    }));

  test.each([
    ["DAY_AGO", 24],
    ["WEEK_AGO", 168],
  ])("%s is the same time on the clock, also where it was put forward in between", (since, hours) => {
    const found = findingsOf({ kind: "CHANGE", since, unit: "ABSOLUTE", by: 1 }, changedAfter(190, 400));
    expect(found[189]?.expected).toBe(189 - hours);
    expect(found[195]?.expected).toBe(195 - hours + 1);
    expect(found[195]?.weighed).toEqual([{ atMs: MONDAY_MS + (195 - hours + 1) * HOUR_MS, share: 1 }]);
    expect(found[390]?.expected).toBe(390 - hours);
  });

  test("of days that begin at midnight is the same day of the week, although one day had 23 hours", () => {
    const days = Array.from({ length: 20 }, (_, day): Observation => {
      const atMs = MONDAY_MS + day * 24 * HOUR_MS - (day > 10 ? HOUR_MS : 0);
      const untilMs = MONDAY_MS + (day + 1) * 24 * HOUR_MS - (day >= 10 ? HOUR_MS : 0);
      return { atMs, untilMs, value: day, samples: null, hourOfWeek: (day % 7) * 24, calendar: null };
    });
    const found = findingsOf({ kind: "CHANGE", since: "WEEK_AGO", unit: "ABSOLUTE", by: 1 }, days);
    expect(found.slice(7).map(({ expected }) => expected)).toEqual(days.slice(7).map((_, day) => day));
  });
});

describe("robust standard deviations from the median of a window", () => {
  test("are those of the definition", () => {
    const windows = fc.integer({ min: 10, max: 20 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), windows, (values, window) => {
        const found = lastOf({ kind: "ROBUST_Z", window, threshold: 2 }, values);
        const z = modifiedZ(values, window);
        if (z === null) return expect(["LEARNING", "NO_DATA"]).toContain(found?.outcome);
        return expect(found?.score).toBeCloseTo(Math.min(1_000, Math.abs(z) / 2), 6);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("of ten values of which two are outliers are 0.6745 times 5.85 by 0.15", () => {
    const values = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3];
    const found = lastOf({ kind: "ROBUST_Z", window: 10 }, [...values, 8.3]);
    expect((found?.score ?? 0) * 3.5).toBeCloseTo((0.6745 * (8.3 - 2.45)) / 0.15, 6);
  });

  test("of a constant series, any other value is far out, and none is where a least deviation says so", () => {
    const constant = [...Array.from({ length: 20 }, () => 7), 8];
    expect(lastOf({ kind: "ROBUST_Z", window: 10 }, constant)).toMatchObject({ outcome: "ANOMALOUS", score: 1_000 });
    expect(lastOf({ kind: "ROBUST_Z", window: 10, minimumDeviation: 1 }, constant)?.outcome).toBe("NORMAL");
    expect(lastOf({ kind: "ROBUST_Z", window: 10 }, constant.slice(0, -1))).toMatchObject({
      score: 0,
      low: 7 - 2.45e-8,
    });
  });
});

describe("the control chart of a moving average", () => {
  test("is that of the definition", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const settings = { lambda: 0.3, limit: 2.5, baseline: 12 };
        const found = lastOf({ kind: "EWMA", ...settings }, values);
        const chart = values.at(-1) === null ? null : movingAverageChart(values, settings);
        if (chart === null) return expect(["LEARNING", "NO_DATA"]).toContain(found?.outcome);
        const score = chart.average === chart.mean ? 0 : Math.abs(chart.average - chart.mean) / chart.width;
        return expect(found?.score).toBeCloseTo(Math.min(1_000, score), 6);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("finds a shift of one standard deviation that single values do not show, and takes one that lasts for usual", () => {
    const noise = (place: number): number => ((place * 7_919) % 101) / 29 - 1.73;
    const values = Array.from({ length: 500 }, (_, place) => noise(place) + (place >= 200 ? 1.2 : 0));
    const found = findingsOf({ kind: "EWMA", baseline: 100, lambda: 0.1 }, observationsOf(values));
    const outcomes = found.map(({ outcome }) => outcome);
    expect(outcomes.slice(50, 200)).not.toContain("ANOMALOUS");
    expect(outcomes.slice(200, 230)).toContain("ANOMALOUS");
    expect(outcomes.slice(350)).not.toContain("ANOMALOUS");
  });

  test("tells the bounds at which the average is at its limit", () => {
    const values = Array.from({ length: 30 }, (_, place) => (place * 37) % 11);
    const settings = { kind: "EWMA", baseline: 20 };
    const high = lastOf(settings, [...values, 5])?.high ?? 0;
    expect(lastOf(settings, [...values, high])?.score).toBeCloseTo(1, 9);
  });
});
