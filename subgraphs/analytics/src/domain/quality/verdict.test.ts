import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { nextTestMs, outcomeOf, testedRange } from "./verdict.ts";

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
const moments = fc.integer({ min: Date.parse("2026-01-01T00:00:00Z"), max: Date.parse("2026-12-31T00:00:00Z") });
const spans = fc.integer({ min: 1, max: 168 }).map((hours) => hours * HOUR_MS);

describe("the time of a test", () => {
  test("is as long as the span and ends with the last hour that is over since five minutes", () => {
    fc.assert(
      fc.property(moments, spans, (nowMs, spanMs) => {
        const { fromMs, toMs } = testedRange(nowMs, spanMs);
        let end = Date.parse("2025-12-31T00:00:00Z");
        while (end + HOUR_MS + 5 * MINUTE_MS <= nowMs) end += HOUR_MS;
        expect([fromMs, toMs]).toEqual([end - spanMs, end]);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test("comes once for each hour: the next is later, and the first moment at which another hour is tested", () => {
    fc.assert(
      fc.property(moments, spans, (nowMs, spanMs) => {
        const next = nextTestMs(nowMs);
        const ends = [nowMs, next - 1, next].map((at) => testedRange(at, spanMs).toMs);
        expect(next).toBeGreaterThan(nowMs);
        expect(ends.map((end) => end - (ends[0] ?? 0))).toEqual([0, 0, HOUR_MS]);
      }),
      { endOnFailure: true },
    );
  });
});

describe("what counts come to", () => {
  test.each([
    [0, 0, 1, "UNTESTED"],
    [0, 0, 0, "UNTESTED"],
    [10, 10, 1, "PASSING"],
    [10, 9, 1, "FAILING"],
    [10, 9, 0.9, "PASSING"],
    [10, 0, 0, "PASSING"],
  ] as const)("of %d tested and %d passed with at least %d is %s", (tested, passed, atLeast, outcome) => {
    expect(outcomeOf(tested, passed, atLeast)).toBe(outcome);
  });
});
