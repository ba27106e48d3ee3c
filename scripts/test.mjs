import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled, root, runScript } from "./ensure-installed.mjs";
import { generate } from "./generate.mjs";
import { runChild } from "./run-child.mjs";
import { openTestFolder } from "./test-folder.mjs";
import {
  exitCodeFor,
  failedFilesOf,
  MAX_SECOND_TRIES,
  mergedReport,
  problemsOf,
  summaryOf,
  totalsLine,
  totalsOf,
} from "./test-totals.mjs";

/** Jest is asked something else than to run tests once. */
const NOT_A_RUN = ["--listTests", "--showConfig", "--help", "-h", "--version", "--watch", "--watchAll", "--clearCache"];
/** Gives files that failed a second try: for machines that other work slows down. */
const SECOND_TRY = "--second-try";
/** With room for short-lived objects: collecting them otherwise takes a tenth of the processor time of most tests. */
const NODE_OPTIONS = "--experimental-vm-modules --disable-warning=ExperimentalWarning --max-semi-space-size=64";

const readReport = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  } finally {
    rmSync(path, { force: true });
  }
};

const runJest = (args, stdout, environment = {}) =>
  runChild(process.execPath, [join(root, "node_modules/jest/bin/jest.js"), ...args], {
    cwd: root,
    env: {
      ...process.env,
      ...environment,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} ${NODE_OPTIONS}`.trim(),
    },
    stdio: ["inherit", stdout, "inherit"],
  });

/** One run of jest whose tests write in a folder, with its report; null when jest ended without one. */
const runReported = async (folder, args) => {
  const path = join(folder, `tessera-report-${randomUUID()}.json`);
  // With --json jest's own reporters write to standard error; standard output holds nothing but the name of the report.
  const code = await runJest(["--json", "--outputFile", path, ...args], "ignore", { TMPDIR: folder });
  return { code, report: readReport(path) };
};

const tell = (title, problems) => {
  if (problems.length > 0) console.log(`\n${title}\n\n${problems.join("\n\n")}`);
};

/** Runs failed files once more, one at a time, and says so: what fails on a busy machine alone is told from what is broken. */
const runTwice = async (folder, args) => {
  const first = await runReported(folder, [...args, "--reporters", join(root, "scripts/brief-reporter.mjs")]);
  const failed = failedFilesOf(first.report);
  if (failed.length === 0) return first;
  const names = failed.map((path) => relative(root, path)).join(", ");
  if (failed.length > MAX_SECOND_TRIES) {
    tell(`${failed.length} files failed, too many for a second try: ${names}`, problemsOf(first.report));
    return first;
  }
  console.log(`\nA second try, one file at a time: ${names}`);
  const second = await runReported(folder, ["--runInBand", "--runTestsByPath", ...failed]);
  tell("What the first try said:", problemsOf(first.report));
  if (second.report === null) return first;
  return { code: second.code, report: mergedReport(first.report, second.report) };
};

/** Runs jest with the given arguments; resolves to the exit code, jest's summary and the line with the true totals. */
export const runTests = async (args, { secondTry = false } = {}) => {
  const { path: folder, remove } = openTestFolder();
  const startMs = Date.now();
  try {
    const { code, report } = await (secondTry ? runTwice : runReported)(folder, args);
    const totals = totalsOf(report);
    const summary = report === null ? "jest ended without a report" : summaryOf(report, (Date.now() - startMs) / 1000);
    return {
      code: exitCodeFor(code, totals),
      summary,
      line: totalsLine(totals),
      nothingRan: totals.passed + totals.failed === 0,
    };
  } finally {
    remove();
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    const args = process.argv.slice(2).filter((arg) => arg !== SECOND_TRY);
    await ensureInstalled();
    await generate({ forTests: true });
    if (args.some((arg) => NOT_A_RUN.includes(arg))) return runJest(args, "inherit");
    const result = await runTests(args, { secondTry: process.argv.includes(SECOND_TRY) });
    if (result.nothingRan) console.error("No test was executed, which counts as a failure.");
    console.log(`\n${result.summary}\n${result.line}`);
    return result.code;
  });
}
