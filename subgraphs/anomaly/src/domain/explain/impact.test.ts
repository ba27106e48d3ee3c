import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { JudgedBucket } from "../rules/series.ts";
import { watchedQuestionSchema, type Watch } from "../rules/watch.ts";
import { checkAlertPolicy } from "../alerts/alert-policy-definition.ts";
import { impactOfFinding, impactSourceOf, problemWithImpact } from "./impact.ts";

const watchOf = (field: string, name?: string): Watch =>
  watchedQuestionSchema.parse({
    ...{ question: { [field]: {} }, granularity: "DAY", value: name === undefined ? null : { name } },
  });
type Held = Pick<JudgedBucket, "value" | "samples"> &
  Pick<JudgedBucket["finding"], "expected" | "side" | "low" | "high">;
const bucketOf = ({ value, samples, ...said }: Held): JudgedBucket => ({
  ...{ atMs: 0, untilMs: 1, value, samples },
  finding: { outcome: "ANOMALOUS", score: 2, because: "", weighed: [], ...said },
});
const number = fc.integer({ min: 0, max: 10_000 });
const held = fc.record({
  ...{ value: number, samples: number, expected: number, low: number, high: number },
  side: fc.constantFrom("ABOVE" as const, "BELOW" as const),
});

describe("the impact that a finding tells", () => {
  test("of a number of units is how far it lies from what was expected, of a share as many of its units", () => {
    fc.assert(
      fc.property(held, (one) => {
        const far = Math.abs(one.value - one.expected);
        for (const name of ["converted", "entered", "reached"])
          expect(impactOfFinding(watchOf("funnel", name), bucketOf(one))).toEqual({ amount: far, currency: null });
        for (const watch of [watchOf("funnel"), watchOf("retention"), watchOf("retention", "rate")])
          expect(impactOfFinding(watch, bucketOf(one))).toEqual({ amount: far * one.samples, currency: null });
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("where nothing was expected is how far it lies beyond the bound it passed", () => {
    fc.assert(
      fc.property(held, (one) => {
        const bound = one.side === "ABOVE" ? one.high : one.low;
        const told = impactOfFinding(watchOf("activeUsers", "daily"), bucketOf({ ...one, expected: null }));
        expect(told).toEqual({ amount: Math.abs(one.value - bound), currency: null });
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test("is none of numbers that count nobody, of missing data, and where neither expectation nor bound is known", () => {
    const one = { value: 5, samples: 10, expected: 2, side: "ABOVE", low: null, high: null } as const;
    for (const watch of [
      watchOf("sessionMetrics"),
      watchOf("stickiness"),
      watchOf("activeUsers", "ratio"),
      watchOf("olap"),
    ])
      expect(impactOfFinding(watch, bucketOf(one))).toBeNull();
    const units = watchOf("activeUsers");
    expect(impactOfFinding(units, bucketOf({ ...one, value: null }))).toBeNull();
    expect(impactOfFinding(units, bucketOf({ ...one, expected: null }))).toBeNull();
    expect(impactOfFinding(watchOf("funnel"), bucketOf({ ...one, samples: null }))).toBeNull();
  });
});

const policy = (impactCurrency: string | null = null) => {
  const bands = [{ by: "IMPACT", atLeast: 1, severity: "ERROR" }];
  const checked = checkAlertPolicy({ severity: impactCurrency === null ? { bands } : { bands, impactCurrency } });
  if (!checked.valid) throw new Error("The policy is one.");
  return checked.value;
};

describe("severities by impact", () => {
  test.each([
    ...["olap", "timeSeries", "savedQuery", "velocity", "rings", "eventQuality", "apiExecutions", "drift"].map(
      (field) => [field, undefined] as const,
    ),
    ...[["velocity", "peak"] as const, ["eventQuality", "failed"] as const, ["sessionMetrics", "bounceRate"] as const],
  ])("are chosen by people that are asked for: %s %s", (field, name) => {
    const watch = watchOf(field, name);
    expect([impactSourceOf(watch), problemWithImpact(watch, policy())]).toEqual(["ASKED", null]);
  });

  test("are chosen by people of conversions where credits add up", () => {
    const of = (kind: string) =>
      watchedQuestionSchema.parse({ question: { attribution: { models: [{ kind }] } }, granularity: "DAY" });
    expect([impactSourceOf(of("LINEAR")), impactSourceOf(of("MARKOV"))]).toEqual(["ASKED", "NONE"]);
  });

  test("are chosen by the number itself where it counts people", () => {
    expect(impactSourceOf(watchOf("sessionMetrics", "people"))).toBe("UNITS");
    expect(problemWithImpact(watchOf("sessionMetrics", "people"), policy())).toBeNull();
  });

  test("are refused of numbers that tell of nobody", () => {
    const reported = watchedQuestionSchema.parse({
      ...{ question: { velocity: { reported: { band: "HIGH" } } }, granularity: "DAY" },
    });
    const sessions = watchedQuestionSchema.parse({
      ...{ question: { paths: { unit: { kind: "SESSION" } } }, granularity: "DAY" },
    });
    expect(problemWithImpact(watchOf("paths"), policy())).toBeNull();
    for (const watch of [sessions, watchOf("activeUsers", "ratio"), reported])
      expect(problemWithImpact(watch, policy())).toMatch(/counts no people/u);
  });

  test("are chosen by revenue where events have it, of sessions in the question's own currency", () => {
    for (const field of ["olap", "velocity", "eventQuality", "rings"])
      expect(problemWithImpact(watchOf(field), policy("EUR"))).toBeNull();
    for (const watch of [
      watchOf("apiExecutions"),
      watchOf("funnel"),
      watchOf("sessionMetrics", "people"),
      watchOf("paths"),
    ])
      expect(problemWithImpact(watch, policy("EUR"))).toMatch(/leave `impactCurrency` out/u);
    const sessions = (currency: string) =>
      watchedQuestionSchema.parse({ question: { sessionMetrics: { currency } }, granularity: "DAY" });
    expect(problemWithImpact(sessions("EUR"), policy("EUR"))).toBeNull();
    expect(problemWithImpact(sessions("USD"), policy("EUR"))).toMatch(/name EUR there/u);
  });
});
