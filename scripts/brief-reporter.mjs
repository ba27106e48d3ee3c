import { relative } from "node:path";

/**
 * A line for each test file, and nothing of why one failed: for a run whose failed files are tried once more, so that failures in its log are those
 * that stay.
 */
// oxlint-disable-next-line import/no-default-export -- jest takes a reporter by no other name
export default class BriefReporter {
  onTestResult({ path, context }, { numFailingTests, testExecError, skipped, perfStats }) {
    const { displayName, rootDir } = context.config;
    const failed = numFailingTests > 0 || testExecError !== undefined;
    const state = failed ? "AGAIN" : skipped ? "SKIP" : "PASS";
    const seconds = ((perfStats.end - perfStats.start) / 1000).toFixed(1);
    process.stderr.write(`${state.padEnd(5)} ${displayName?.name ?? ""} ${relative(rootDir, path)} (${seconds} s)\n`);
  }
}
