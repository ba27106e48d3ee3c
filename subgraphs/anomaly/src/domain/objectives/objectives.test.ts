import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceExhaustion, referenceObjective, type JudgedEvent } from "../../../testing/reference-objectives.ts";
import { checkObjective, objectiveCodec } from "./check-objective.ts";
import { budgetUnitsOf, burnsBeyond, errorBudgetOf, factorPartsOf, mostWithin } from "./error-budget.ts";
import { badOf, questionOfIndicator, severityOfWindows, windowsOf } from "./objective-question.ts";
import { reportOf, spanOf, type CountedBucket } from "./objective-report.ts";
import type { Objective } from "./objective.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const GOOD = { field: "properties.status", lt: 500 };
const input = { name: "checkout", indicator: { events: { good: GOOD } }, percent: 99.9, window: "DAYS_30" };
const objectiveOf = (more: object = {}): Objective => {
  const checked = checkObjective({ ...input, ...more });
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  return checked.value;
};

describe("an error budget", () => {
  test.each([
    [99.9, 1_000_000, 400, { allowed: 1_000, left: 600, leftPercent: 60, kept: true }],
    [99.9, 1_000_000, 1_000, { allowed: 1_000, left: 0, leftPercent: 0, kept: true }],
    [99.9, 1_000_000, 1_001, { allowed: 1_000, left: -1, leftPercent: -0.1, kept: false }],
    [99.9, 10, 0, { allowed: 0.01, left: 0.01, leftPercent: 100, kept: true }],
    [50, 3, 2, { allowed: 1.5, left: -0.5, leftPercent: 100 - 400 / 3, kept: false }],
    [99, 0, 0, { allowed: 0, left: 0, leftPercent: null, kept: null }],
  ])("of %d %% over %d events with %d bad ones", (percent, total, bad, expected) => {
    const budget = errorBudgetOf({ total, bad }, budgetUnitsOf(percent) ?? 0);
    expect(budget).toMatchObject({ spent: bad, kept: expected.kept });
    expect(budget.allowed).toBeCloseTo(expected.allowed, 9);
    expect(budget.left).toBeCloseTo(expected.left, 9);
    if (expected.leftPercent === null) expect(budget.leftPercent).toBeNull();
    else expect(budget.leftPercent).toBeCloseTo(expected.leftPercent, 9);
  });

  test("is burnt beyond a factor by one more than the most that is within it, exactly, whatever the numbers", () => {
    const percent = fc.integer({ min: 1, max: 9_999_999 }).map((units) => units / 100_000);
    const factor = fc.integer({ min: 1, max: 100_000 }).map((parts) => parts / 1_000);
    fc.assert(
      fc.property(percent, factor, fc.maxSafeNat(), (objective, times, total) => {
        const [budget, parts] = [budgetUnitsOf(objective), factorPartsOf(times)];
        if (budget === null || parts === null) throw new Error("All of these can be said.");
        const most = mostWithin(total, budget, parts);
        if (!Number.isSafeInteger(most)) return;
        expect(burnsBeyond({ total, bad: most }, budget, parts)).toBe(false);
        expect(burnsBeyond({ total, bad: most + 1 }, budget, parts)).toBe(true);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });
});

describe("how an objective stands", () => {
  /** Counts of events in buckets of a width that lie wholly between two moments. */
  const bucketsOf = (
    events: readonly JudgedEvent[],
    fromMs: number,
    toMs: number,
    widthMs: number,
  ): CountedBucket[] => {
    const first = Math.ceil(fromMs / widthMs) * widthMs;
    const count = Math.max(0, Math.floor((toMs - first) / widthMs));
    const buckets = Array.from({ length: count }, (_, place) => {
      const from = first + place * widthMs;
      return { fromMs: from, toMs: from + widthMs, total: 0, bad: 0 };
    });
    for (const { atMs, bad } of events) {
      const bucket = buckets[Math.floor((atMs - first) / widthMs)];
      if (bucket === undefined || atMs < first) continue;
      bucket.total += 1;
      bucket.bad += bad ? 1 : 0;
    }
    return buckets;
  };

  const NOW_MS = Date.parse("2026-11-20T12:00:00Z");
  const story = fc.record({
    window: fc.constantFrom(["DAYS_7", 7] as const, ["DAYS_28", 28] as const, ["DAYS_30", 30] as const),
    budgetThousandths: fc.constantFrom(1, 5, 50, 200, 500),
    minutes: fc.nat(59),
    events: fc.array(
      fc.record({
        ago: fc.oneof(fc.nat(7 * 3_600), fc.nat(31 * 86_400)),
        bad: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
      }),
      { maxLength: 60 },
    ),
  });

  test("is what counting single events anew says: attainment, budget, burn rates, days and when the budget is spent", () => {
    fc.assert(
      fc.property(story, ({ window: [window, days], budgetThousandths, minutes, events }) => {
        const nowMs = NOW_MS + minutes * MINUTE_MS + 12_345;
        const objective = objectiveOf({ window, percent: 100 - budgetThousandths / 10 });
        const span = spanOf(objective, nowMs);
        const judged = events.map(({ ago, bad }) => ({ atMs: nowMs - ago * 1_000, bad }));
        const report = reportOf(objective, span, {
          hours: bucketsOf(judged, span.hoursFromMs, span.openMs, HOUR_MS),
          minutes: bucketsOf(judged, span.minutesFromMs ?? span.openMs, span.untilMs, MINUTE_MS),
        });
        const asked = { days, budgetThousandths, nowMs };
        const expected = referenceObjective(judged, asked);
        expect(report).toMatchObject({ fromMs: expected.fromMs, untilMs: expected.untilMs });
        expect([report.total, report.bad]).toEqual([expected.total, expected.bad]);
        expect(report.budget.allowed).toBeCloseTo(expected.allowed, 9);
        expect(report.attainment === null).toBe(expected.total === 0);
        for (const { hours, rate } of report.burnRates) {
          const other = expected.rate(hours);
          if (other === null) expect(rate).toBeNull();
          else expect(rate).toBeCloseTo(other, 9);
        }
        const busy = ({ total }: { readonly total: number }): boolean => total > 0;
        const plain = ({
          date,
          total,
          bad,
        }: {
          readonly date: string;
          readonly total: number;
          readonly bad: number;
        }) => {
          return { date, total, bad };
        };
        expect(report.days.filter(busy).map(plain)).toEqual(expected.days.filter(busy).map(plain));
        expect(report.days.reduce((sum, { total }) => sum + total, 0)).toBe(report.total);
        const spent = referenceExhaustion(judged, asked);
        const { outcome, atMs } = report.forecast;
        expect(outcome === "AT" ? atMs : outcome === "LASTS" ? null : outcome).toEqual(spent);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  test("weighs each time by its traffic: a bad hour of few does not undo a good one of many", () => {
    const objective = objectiveOf({ window: "DAYS_7", percent: 99 });
    const span = spanOf(objective, NOW_MS);
    const hours = [
      { fromMs: NOW_MS - 2 * HOUR_MS, toMs: NOW_MS - HOUR_MS, total: 10_000, bad: 0 },
      { fromMs: NOW_MS - HOUR_MS, toMs: NOW_MS, total: 10, bad: 10 },
    ];
    const report = reportOf(objective, span, { hours, minutes: [] });
    expect(report.attainment).toBeCloseTo((100 * 10_000) / 10_010, 9);
    expect(report.budget.kept).toBe(true);
  });

  test.each([
    ["CALENDAR_MONTH", "Europe/Berlin", "2026-11-20T12:34:56Z", "2026-10-31T23:00:00Z", "2026-11-20T12:34:00Z"],
    ["CALENDAR_MONTH", "America/New_York", "2026-11-01T03:30:00Z", "2026-10-01T04:00:00Z", "2026-11-01T03:30:00Z"],
    ["DAYS_7", "Asia/Kolkata", "2026-11-20T12:34:56Z", "2026-11-13T13:30:00Z", "2026-11-20T12:34:00Z"],
    ["DAYS_7", "UTC", "2026-11-20T12:00:10Z", "2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z"],
  ])("over %s in %s at %s is counted from %s to %s", (window, timeZone, now, from, to) => {
    const span = spanOf(objectiveOf({ window, timeZone }), Date.parse(now));
    expect([span.fromMs, span.untilMs]).toEqual([Date.parse(from), Date.parse(to)]);
  });

  test("of slices goes by whole hours, and of a month that nothing leaves the budget is spent before it is over", () => {
    const indicator = { slices: { metric: "p99", atMost: 300 } };
    const objective = objectiveOf({ indicator, window: "CALENDAR_MONTH", percent: 90 });
    const span = spanOf(objective, Date.parse("2026-11-05T12:34:00Z"));
    expect(span).toMatchObject({ untilMs: Date.parse("2026-11-05T12:00:00Z"), minutesFromMs: null });
    // A slice an hour; every second one of the last day is bad, and 108 were good before.
    const hours = Array.from({ length: 108 }, (_, place) => {
      const fromMs = Date.parse("2026-11-01T00:00:00Z") + place * HOUR_MS;
      return { fromMs, toMs: fromMs + HOUR_MS, total: 1, bad: place >= 96 && place % 2 === 0 ? 1 : 0 };
    });
    const report = reportOf(objective, span, { hours, minutes: [] });
    expect(report).toMatchObject({ total: 108, bad: 6, forecast: { outcome: "AT" } });
    // In the last day 6 of 24 were bad: after n hours 6 + n / 4 of 108 + n, which is beyond a tenth from n = 33 on.
    expect(report.forecast.atMs).toBe(span.untilMs + 33 * HOUR_MS);
    expect(report.burnRates.map(({ hours: length }) => length)).toEqual([6, 24, 72]);
  });
});

describe("what an objective measures", () => {
  test("is asked as the share of bad events, with the events themselves as what it is a share of", () => {
    const { indicator } = objectiveOf({ indicator: { events: { of: { field: "name", eq: "request" }, good: GOOD } } });
    expect(questionOfIndicator(indicator, "country")).toMatchObject({
      question: {
        olap: {
          measures: [{ name: "good", filter: GOOD }, { name: "total" }, { formula: "(total - good) / total" }],
          ...{ dimensions: ["country"], filter: { field: "name", eq: "request" } },
        },
      },
      value: { name: "bad_share" },
    });
    expect(badOf(indicator)).toEqual({ by: "SHARE" });
  });

  test("of latency leaves out events that don't say how long they took", () => {
    const { indicator } = objectiveOf({ indicator: { latency: { field: "properties.ms", atMost: 300 } } });
    const good = { field: "properties.ms", lte: 300 };
    expect(questionOfIndicator(indicator, null).question).toMatchObject({
      olap: { filter: { or: [good, { field: "properties.ms", gt: 300 }] }, measures: [{ filter: good }, {}, {}] },
    });
  });

  test("is alerted by the workbook's windows, as far as they can be burnt so fast, with a severity for each", () => {
    expect(windowsOf(objectiveOf()).map(({ factor }) => factor)).toEqual([14.4, 6, 1]);
    expect(windowsOf(objectiveOf({ percent: 90 })).map(({ factor }) => factor)).toEqual([6, 1]);
    const slices = { slices: { metric: "p99", atMost: 300 } };
    expect(windowsOf(objectiveOf({ indicator: slices })).map(({ short }) => short)).toEqual(["PT2H", "PT6H"]);
    expect(severityOfWindows(windowsOf(objectiveOf()))).toEqual({
      base: "WARNING",
      bands: [
        { by: "SCORE", atLeast: 14.4, severity: "CRITICAL" },
        { by: "SCORE", atLeast: 6, severity: "ERROR" },
      ],
    });
  });

  test.each([
    [{ percent: 100 }, "percent"],
    [{ percent: 0 }, "percent"],
    [{ percent: 99.9999999 }, "percent"],
    [{ name: "" }, "name"],
    [{ window: "DAYS_5" }, "window"],
    [{ timeZone: "Mars/Olympus" }, "timeZone"],
    [{ maxGroups: 41 }, "maxGroups"],
    [{ indicator: {} }, "indicator"],
    [{ indicator: { events: { good: GOOD }, slices: { metric: "n", atMost: 1 } } }, "indicator"],
    [{ indicator: { events: {} } }, "indicator.events.good"],
    [{ indicator: { slices: { metric: "n" } } }, "indicator.slices.atMost"],
    [{ indicator: { slices: { metric: "n", atMost: 1, atLeast: 0 } } }, "indicator.slices.atMost"],
  ])("%j is refused at `%s`", (more, field) => {
    const checked = checkObjective({ ...input, ...more });
    expect(checked.valid ? [] : checked.problems.map((problem) => problem.field)).toContain(field);
  });

  test("has filters of a bounded length", () => {
    const long = { events: { good: { field: "x", in: ["y".repeat(20_000)] } } };
    expect(checkObjective({ ...input, indicator: long })).toMatchObject({ problems: [{ field: "indicator.events" }] });
  });

  test("is read again as it was written", () => {
    const kinds = [
      { events: { of: { field: "name", eq: "a" }, good: GOOD } },
      { latency: { field: "properties.ms", atMost: 300 } },
      { slices: { metric: "p99", atLeast: 5 } },
    ];
    for (const indicator of kinds) {
      const objective = objectiveOf({ indicator, groupBy: "country", owner: "checkout team" });
      expect(objectiveCodec.read(JSON.parse(JSON.stringify(objectiveCodec.write(objective))))).toEqual(objective);
    }
  });
});

test("a window of 90 days has as many hours of 40 groups as one answer of the analytics room holds", () => {
  const span = spanOf(objectiveOf({ window: "DAYS_90" }), Date.parse("2026-11-20T12:34:56Z"));
  expect(((span.openMs - span.hoursFromMs) / HOUR_MS) * 40).toBeLessThanOrEqual(100_000);
  expect(span.openMs - span.hoursFromMs).toBeGreaterThanOrEqual(89 * DAY_MS);
});
