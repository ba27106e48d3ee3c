// Everything CI runs, in the order of what fails fastest. `--static` leaves the tests to the caller.
import { join } from "node:path";
import { ensureInstalled, root, runScript } from "./ensure-installed.mjs";
import { generate } from "./generate.mjs";
import { runChild } from "./run-child.mjs";
import { runTests } from "./test.mjs";

const bin = (path, ...args) => [join(root, "node_modules", path), ...args];

/** Two rows that run beside each other and take about as long; dead code is looked for by a test (tests/architecture). */
const STATIC_CHECKS = [
  [
    { name: "format", program: [join(root, "scripts/check-format.mjs")] },
    { name: "typecheck", program: bin("typescript-native/bin/tsc", "--noEmit", "-p", "tsconfig.json") },
    {
      name: "typecheck of pages",
      program: bin("typescript-native/bin/tsc", "--noEmit", "-p", "console/src/page/tsconfig.json"),
    },
  ],
  [{ name: "lint", program: bin("oxlint/bin/oxlint", "--type-aware", "--deny-warnings", ".") }],
];

const timed = async (name, work) => {
  const startMs = Date.now();
  console.log(`\n== ${name}`);
  const outcome = await work();
  return { name, seconds: (Date.now() - startMs) / 1000, ...outcome };
};

const table = (results) =>
  results
    .map(
      ({ name, code, seconds }) =>
        `${code === 0 ? "passed" : "FAILED"}  ${name.padEnd(18)} ${seconds.toFixed(1).padStart(7)} s`,
    )
    .join("\n");

await runScript(async () => {
  await ensureInstalled();
  const args = process.argv.slice(2).filter((arg) => arg !== "--static");
  const results = [await timed("generate", async () => ({ code: await generate().then(() => 0) }))];
  await Promise.all(
    STATIC_CHECKS.map(async (row) => {
      for (const { name, program } of row)
        results.push(
          await timed(name, async () => ({ code: await runChild(process.execPath, program, { cwd: root }) })),
        );
    }),
  );
  const withTests = !process.argv.includes("--static");
  const tests = withTests ? await timed("tests", () => runTests(args)) : null;
  if (tests !== null) results.push(tests);
  console.log(`\n${table(results)}`);
  if (tests !== null) console.log(`\n${tests.summary}\n${tests.line}`);
  return results.every(({ code }) => code === 0) ? 0 : 1;
});
