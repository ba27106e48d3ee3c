import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { nextTurnMs, windowAt, type Condition } from "./evaluation.ts";
import { detectorOfCondition } from "./rule.ts";
import { judgeRule } from "./rules/judge-rule.ts";
import { sumUp } from "./rules/sum-up.ts";

const above = (threshold: number, minimumSamples = 0): Condition => ({ direction: "ABOVE", threshold, minimumSamples });
const below = (threshold: number, minimumSamples = 0): Condition => ({ direction: "BELOW", threshold, minimumSamples });
const judged = (value: number | null, samples: number, condition: Condition) => {
  const observation = { atMs: 0, untilMs: 60_000, value, samples, hourOfWeek: 0, calendar: null };
  const series = { fingerprint: "f", group: [], recent: [], seenAtMs: 0, detector: undefined };
  return sumUp(judgeRule(detectorOfCondition(condition), [{ series, buckets: [{ kind: "HELD", observation }] }], 0));
};

describe("a reading judged by a condition", () => {
  test.each([
    ["above its threshold", 11, 5, above(10), "BREACHED"],
    ["at its threshold from above", 10, 5, above(10), "NORMAL"],
    ["under it when above is an anomaly", 9, 5, above(10), "NORMAL"],
    ["below its threshold", 9, 5, below(10), "BREACHED"],
    ["at its threshold from below", 10, 5, below(10), "NORMAL"],
    ["nothing at all where something was expected", 0, 0, below(1), "BREACHED"],
    ["a breach from too few events", 11, 4, above(10, 5), "INSUFFICIENT_DATA"],
    ["a breach from just enough events", 11, 5, above(10, 5), "BREACHED"],
    ["a mean over nothing", null, 0, below(10), "INSUFFICIENT_DATA"],
  ])("%s", (_case, value, samples, condition, outcome) => {
    const window = { fromMs: 0, toMs: 60_000 };
    const breached = outcome === "BREACHED" ? 1 : 0;
    expect(judged(value, samples, condition)).toEqual({ value, samples, window, outcome, series: 1, breached });
  });
});

test("The window of an evaluation ends at its moment and is as long as asked for", () => {
  expect(windowAt(1_000_000, 300_000)).toEqual({ fromMs: 700_000, toMs: 1_000_000 });
});

test("The next turn is the first one after now on the rule's own grid", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e12 }),
      fc.integer({ min: 10, max: 86_400 }),
      fc.integer({ min: 0, max: 1e9 }),
      (dueMs, intervalSeconds, lateMs) => {
        const [nowMs, intervalMs] = [dueMs + lateMs, intervalSeconds * 1_000];
        const next = nextTurnMs(dueMs, intervalSeconds, nowMs);
        expect(next).toBeGreaterThan(nowMs);
        expect(next - nowMs).toBeLessThanOrEqual(intervalMs);
        expect((next - dueMs) % intervalMs).toBe(0);
      },
    ),
  );
});
