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

/**
 * Files that a second try may be given: a machine that stands still for a moment fails the files that run at that moment and those that were begun
 * just after, and more than these at once is a broken change. They run one at a time, most in less than half a minute.
 */
export const MAX_SECOND_TRIES = 16;

/** Paths of the test files that failed, in jest's order. */
export const failedFilesOf = (report) =>
  report === null ? [] : report.testResults.filter(({ status }) => status === "failed").map(({ name }) => name);

const countOf = (files, status) =>
  files.reduce((sum, { assertionResults }) => sum + assertionResults.filter((one) => one.status === status).length, 0);

/** One report of two runs: the files of the second run take the place of their first try, and every count is made anew. */
export const mergedReport = (first, second) => {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  const files = first.testResults.map((file) => again.get(file.name) ?? file);
  const failed = files.filter(({ status }) => status === "failed");
  return {
    ...first,
    testResults: files,
    numPassedTests: countOf(files, "passed"),
    numFailedTests: countOf(files, "failed"),
    numPendingTests: countOf(files, "pending"),
    numTodoTests: countOf(files, "todo"),
    numTotalTests: files.reduce((sum, { assertionResults }) => sum + assertionResults.length, 0),
    numRuntimeErrorTestSuites: failed.filter(({ assertionResults }) => assertionResults.length === 0).length,
    numFailedTestSuites: failed.length,
    numPassedTestSuites: files.length - failed.length - first.numPendingTestSuites,
  };
};

/** What each failed file of a report said, below its name. */
export const problemsOf = (report) =>
  report === null
    ? []
    : report.testResults.filter(({ status }) => status === "failed").map(({ name, message }) => `${name}\n${message}`);
