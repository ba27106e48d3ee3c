/**
 * True totals of a jest run from its JSON report. A test file that could not run counts as one failure: its tests are unknown, and
 * "0 failed" would hide it. Without a report jest itself died, which is one failure too.
 */
export const totalsOf = (report) => {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
};

/** The last line of every test run: `N passed, N failed`, with `, N skipped` when some were. */
export const totalsLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

/** The exit code: jest's own, and a failure when nothing was executed, whatever jest thinks of an empty run. */
export const exitCodeFor = (jestCode, totals) => {
  if (jestCode !== 0) return jestCode;
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
};

const counts = (parts, total) =>
  [...parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`), `${total} total`].join(", ");

/** Jest's own closing summary, rebuilt from its report. */
export const summaryOf = (report, seconds) => {
  const failedSuites = report.numFailedTestSuites;
  return [
    `Test Suites: ${counts(
      [
        [failedSuites, "failed"],
        [report.numPendingTestSuites, "skipped"],
        [report.numPassedTestSuites, "passed"],
      ],
      report.numTotalTestSuites,
    )}`,
    `Tests:       ${counts(
      [
        [report.numFailedTests, "failed"],
        [report.numPendingTests, "skipped"],
        [report.numTodoTests, "todo"],
        [report.numPassedTests, "passed"],
      ],
      report.numTotalTests,
    )}`,
    `Snapshots:   ${counts(
      [
        [report.snapshot.unmatched, "failed"],
        [report.snapshot.matched, "passed"],
      ],
      report.snapshot.total,
    )}`,
    `Time:        ${seconds.toFixed(1)} s`,
  ].join("\n");
};
