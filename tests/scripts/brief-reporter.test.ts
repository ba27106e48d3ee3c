import { expect, it, jest } from "@jest/globals";
import BriefReporter from "../../scripts/brief-reporter.mjs";

const result = {
  numFailingTests: 0,
  testExecError: undefined,
  skipped: false,
  perfStats: { start: 1_000, end: 3_500 },
};

it.each([
  ["PASS  unit a/b.test.ts (2.5 s)\n", result],
  ["SKIP  unit a/b.test.ts (2.5 s)\n", { ...result, skipped: true }],
  ["AGAIN unit a/b.test.ts (2.5 s)\n", { ...result, numFailingTests: 2 }],
  ["AGAIN unit a/b.test.ts (2.5 s)\n", { ...result, testExecError: new Error("did not compile") }],
])("a file is told by one line: %s", (line, given) => {
  const write = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  const test = {
    path: "/checkout/a/b.test.ts",
    context: { config: { displayName: { name: "unit" }, rootDir: "/checkout" } },
  };
  new BriefReporter().onTestResult(test, given);
  const told = write.mock.calls.map(([text]) => text);
  write.mockRestore();
  expect(told).toEqual([line]);
});
