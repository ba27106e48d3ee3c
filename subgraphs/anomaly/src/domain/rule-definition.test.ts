import { describe, expect, test } from "@jest/globals";
import { checkRuleDefinition } from "./rule-definition.ts";

const question = { question: { olap: { measures: [{ function: "COUNT" }] } }, granularity: "MINUTE" };
const rule = {
  ...{ name: "Orders", labels: [], evaluationIntervalSeconds: 60, enabled: true, question },
  detector: { kind: "STATIC", side: "ABOVE", high: 3 },
};
const problemsOf = (more: object) => {
  const told = checkRuleDefinition({ ...rule, ...more });
  return told.valid ? [] : told.problems;
};

describe("A rule", () => {
  test.each<[object, string, RegExp]>([
    [{ name: " " }, "name", /^It must not be empty\.$/],
    [{ evaluationIntervalSeconds: 1 }, "evaluationIntervalSeconds", /^It must be 10 or more\.$/],
    [{ detector: { kind: "static and automatic" } }, "detector", /^A detector is of one kind: give one of static, /],
    [{ detector: { kind: "STATIC", side: "ABOVE" } }, "detector.static.high", /^It is missing\.$/],
    [
      { detector: { kind: "STATIC", side: "ABOVE", high: 3, low: 1 } },
      ...(["detector.static.low", /leave it out/] as const),
    ],
    [{ detector: { kind: "AUTOMATIC", sensitivity: 9 } }, "detector.automatic.sensitivity", /^It must be 4 or less\.$/],
    [{ detector: { kind: "BURN_RATE" } }, "detector", /^A burn rate is of an objective/],
    [
      {
        detector: {
          kind: "ENSEMBLE",
          members: [{ detector: { kind: "EWMA", lambda: 3 } }, { detector: { kind: "EWMA" } }],
        },
      },
      ...(["detector.ensemble.members.0.detector.ewma.lambda", /^It must be 1 or less\.$/] as const),
    ],
    [
      { detector: { kind: "ENSEMBLE", members: [{ detector: { kind: "EWMA" } }, { detector: { kind: "PEERS" } }] } },
      ...(["detector.ensemble.members.1.detector.peers", /^A member of an ensemble is one detector/] as const),
    ],
    [{ detector: { kind: "PEERS" } }, "question.question", /^PEERS compares the series of a rule.* by `dimensions`/],
    [
      { detector: { kind: "FORECAST", high: 5, horizonHours: 9 } },
      ...(["detector", /at most 500 buckets ahead, of these 8\.33 hours/] as const),
    ],
    [
      { alerting: { severity: { base: "ERROR", bands: [{ by: "SCORE", atLeast: 2, severity: "INFO" }] } } },
      ...(["alerting.severity.bands.0.severity", /milder than its base, ERROR/] as const),
    ],
  ])("that makes no sense is told what is wrong where its author wrote it, for people: %j", (more, field, message) => {
    expect(problemsOf(more)).toEqual([{ field, message: expect.stringMatching(message) }]);
  });

  test("compares series where there may be several, and is as grave as its gravest band", () => {
    const olap = { measures: [{ function: "COUNT" }], dimensions: ["country"] };
    expect(problemsOf({ detector: { kind: "PEERS" }, question: { ...question, question: { olap } } })).toEqual([]);
    const bands = [{ by: "SCORE", atLeast: 2, severity: "WARNING" }];
    expect(problemsOf({ alerting: { severity: { base: "WARNING", bands } } })).toEqual([]);
  });
});
