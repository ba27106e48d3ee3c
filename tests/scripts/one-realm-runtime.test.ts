import { beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
/** Milliseconds in which jest runs a few files on a busy machine. */
const PATIENCE_MS = 120_000;

const test = (body: string): string =>
  `import { expect, jest, test } from "@jest/globals";
import { seen as shared } from "a-package";
import { seen as own } from "./own.js";
${body}`;
/** Files that run one after the other in one process: the longest begins. */
const FILES: Readonly<Record<string, string>> = {
  "node_modules/a-package/package.json": '{ "type": "module", "exports": "./index.js" }',
  "node_modules/a-package/index.js": "export const seen = []; globalThis.madeByThePackage = true;",
  "package.json": '{ "type": "module" }',
  "own.js": 'export const seen = []; export const later = () => import("./later.js");',
  "later.js": "export const answer = 42;",
  "1.test.js": test(`// ${"the longest ".repeat(299)}
    process.env.LEFT = "by the first";
    shared.push(1);
    own.push(1);
    test("first", async () => {
      expect([shared, own]).toEqual([[1], [1]]);
      expect((await (await import("./own.js")).later()).answer).toBe(42);
    });`),
  "2.test.js": test(`// ${"shorter ".repeat(99)}
    import { readFileSync } from "node:fs";
    own.push(2);
    test("second", () => {
      expect([shared, own, process.env.LEFT]).toEqual([[1], [2], undefined]);
      expect(import.meta).toEqual({ url: expect.stringMatching(/^file:.*2\\.test\\.js$/), filename: expect.stringMatching(/2\\.test\\.js$/), dirname: expect.any(String), resolve: expect.any(Function) });
    });
    test("errors of node are errors", () => {
      try { readFileSync("/nothing/is/here"); } catch (error) { expect(error).toBeInstanceOf(Error); return; }
      throw new Error("it was there");
    });
    test("time stands still where it is asked to", () => {
      const before = Date.now();
      jest.useFakeTimers({ now: 1_000 });
      expect(Date.now()).toBe(1_000);
      jest.useRealTimers();
      expect(Date.now()).toBeGreaterThanOrEqual(before);
    });`),
  "3.test.js": test("jest.setTimeout(20); test('third', () => new Promise((done) => setTimeout(done, 5_000)));"),
  "4.test.js": test('globalThis.left = 1; Object.prototype.bad = 1; test("fourth", () => undefined);'),
  "5.test.js": test('process.on("SIGTERM", () => 0); test("fifth", () => undefined);'),
};

const reportShape = z.object({
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), message: z.string(), assertionResults: z.array(z.unknown()) }),
  ),
});

const runAll = async (): Promise<ReadonlyMap<string, { readonly status: string; readonly message: string }>> => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tessera-realm-")));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const config = {
      rootDir: folder,
      cacheDirectory: join(folder, "cache"),
      runtime: join(root, "scripts/one-realm-runtime.cjs"),
      testSequencer: join(root, "scripts/longest-first.mjs"),
      transform: {},
    };
    const report = join(folder, "report.json");
    const jest = join(root, "node_modules/jest/bin/jest.js");
    const args = [jest, "-i", "--config", JSON.stringify(config), "--json", "--outputFile", report];
    await promisify(execFile)(process.execPath, ["--experimental-vm-modules", ...args], { cwd: folder }).catch(
      () => undefined,
    );
    const { testResults } = reportShape.parse(JSON.parse(readFileSync(report, "utf8")));
    return new Map(testResults.map(({ name, ...rest }) => [name.slice(folder.length + 1), rest]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

describe("test files that run in the realm of one process", () => {
  let results: Awaited<ReturnType<typeof runAll>>;
  beforeAll(async () => {
    results = await runAll();
  }, PATIENCE_MS);

  it("share packages, and neither modules of the repository nor environment variables", () => {
    expect(results.get("1.test.js")).toMatchObject({ status: "passed", message: "" });
    expect(results.get("2.test.js")).toMatchObject({ status: "passed", message: "" });
  });

  it("are held to the timeout that they ask for", () => {
    expect(results.get("3.test.js")?.message).toContain("Exceeded timeout of 20 ms");
  });

  it.each([
    ["4.test.js", "leaves behind: globalThis.left, Object.prototype.bad."],
    ["5.test.js", "leaves behind: a listener of SIGTERM."],
  ])("%s fails and is told what it left to the next", (name, told) => {
    expect(results.get(name)?.status).toBe("failed");
    expect(results.get(name)?.message).toContain(told);
  });
});
