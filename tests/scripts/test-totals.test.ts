import { describe, expect, it } from "@jest/globals";
import { exitCodeFor, summaryOf, totalsLine, totalsOf } from "../../scripts/test-totals.mjs";

const report = (change = {}) => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numTotalTests: 5,
  numRuntimeErrorTestSuites: 0,
  numPassedTestSuites: 2,
  numFailedTestSuites: 0,
  numPendingTestSuites: 0,
  numTotalTestSuites: 2,
  snapshot: { unmatched: 0, matched: 0, total: 0 },
  ...change,
});

describe("the last line of a test run tells true totals", () => {
  it.each([
    ["all passed", report(), "5 passed, 0 failed"],
    ["some failed", report({ numPassedTests: 3, numFailedTests: 2 }), "3 passed, 2 failed"],
    ["skipped and planned tests", report({ numPendingTests: 2, numTodoTests: 1 }), "5 passed, 0 failed, 3 skipped"],
    ["a file that could not run counts as a failure", report({ numRuntimeErrorTestSuites: 1 }), "5 passed, 1 failed"],
    ["no report at all counts as a failure", null, "0 passed, 1 failed"],
  ])("%s", (_title, given, line) => {
    expect(totalsLine(totalsOf(given))).toBe(line);
  });

  it.each([
    ["passes when all passed", 0, { passed: 5, failed: 0, skipped: 0 }, 0],
    ["keeps jest's own code", 143, { passed: 5, failed: 0, skipped: 0 }, 143],
    ["fails when something failed, whatever jest says", 0, { passed: 5, failed: 1, skipped: 0 }, 1],
    ["fails when nothing was executed", 0, { passed: 0, failed: 0, skipped: 0 }, 1],
    ["fails when all was skipped", 0, { passed: 0, failed: 0, skipped: 7 }, 1],
  ])("the exit code %s", (_title, jestCode, totals, code) => {
    expect(exitCodeFor(jestCode, totals)).toBe(code);
  });

  it("the summary has jest's own form", () => {
    const given = report({ numFailedTests: 1, numTotalTests: 6, numFailedTestSuites: 1, numTotalTestSuites: 3 });
    expect(summaryOf(given, 12.34).split("\n")).toEqual([
      "Test Suites: 1 failed, 2 passed, 3 total",
      "Tests:       1 failed, 5 passed, 6 total",
      "Snapshots:   0 total",
      "Time:        12.3 s",
    ]);
  });
});
