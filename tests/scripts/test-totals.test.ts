import { describe, expect, it } from "@jest/globals";
import {
  exitCodeFor,
  failedFilesOf,
  mergedReport,
  problemsOf,
  summaryOf,
  totalsLine,
  totalsOf,
} from "../../scripts/test-totals.mjs";

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

describe("a second try of the files that failed", () => {
  const file = (name: string, status: string, ...tests: readonly string[]) => ({
    name,
    status,
    assertionResults: tests.map((one) => ({ status: one })),
  });
  const first = report({
    testResults: [
      file("a", "passed", "passed", "pending"),
      file("b", "failed", "passed", "failed"),
      file("c", "failed"),
    ],
    numPassedTests: 2,
    numFailedTests: 1,
    numRuntimeErrorTestSuites: 1,
    numFailedTestSuites: 2,
    numTotalTests: 4,
    numTotalTestSuites: 3,
  });

  it("is given to failed files alone", () => {
    expect(failedFilesOf(first)).toEqual(["b", "c"]);
    expect(failedFilesOf(null)).toEqual([]);
  });

  it("tells what each failed file said", () => {
    const said = { ...file("b", "failed"), message: "expected 1, received 2" };
    expect(problemsOf({ testResults: [file("a", "passed"), said] })).toEqual(["b\nexpected 1, received 2"]);
    expect(problemsOf(null)).toEqual([]);
  });

  it("counts each file by its last try", () => {
    const second = { testResults: [file("b", "passed", "passed", "passed"), file("c", "failed")] };
    const merged: unknown = mergedReport(first, second);
    expect(totalsOf(merged)).toEqual({ passed: 3, failed: 1, skipped: 1 });
    expect(summaryOf(merged, 1).split("\n")[0]).toBe("Test Suites: 1 failed, 2 passed, 3 total");
  });

  it("that failed again stays a failure", () => {
    const merged: unknown = mergedReport(first, { testResults: [file("b", "failed", "passed", "failed")] });
    expect(totalsOf(merged)).toEqual({ passed: 2, failed: 2, skipped: 1 });
  });
});
