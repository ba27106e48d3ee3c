import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { ROOT } from "./text-files.ts";

/** knip reads the whole tree; far beyond what it needs, so that a busy machine does not fail it. */
const PATIENCE_MS = 600_000;

const knip = (directory: string): Promise<string> =>
  new Promise((resolve) => {
    const args = [
      join(ROOT, "node_modules/knip/bin/knip.js"),
      "--no-progress",
      "--no-config-hints",
      "--directory",
      directory,
    ];
    execFile(process.execPath, args, { env: { PATH: process.env["PATH"] } }, (error, stdout, stderr) =>
      resolve(error === null ? "" : `${stdout}${stderr}`.trim()),
    );
  });

describe("nothing is exported, installed or kept that nobody uses", () => {
  it(
    "knip finds no dead file, export or dependency",
    async () => {
      const report = await knip(ROOT);
      expect(report === "" ? "" : `${report}\n-> delete it, or stop exporting it; see knip.jsonc`).toBe("");
    },
    PATIENCE_MS,
  );

  it(
    "a planted dead export is caught",
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "dead-exports-"));
      const write = (path: string, text: string): void => {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), text);
      };
      write("package.json", `{ "name": "planted", "type": "module", "main": "src/main.ts" }`);
      write("src/main.ts", `import { used } from "./rank.ts";\nconsole.log(used);\n`);
      write("src/rank.ts", `export const used = 1;\nexport const unused = 2;\n`);
      const report = await knip(directory);
      rmSync(directory, { recursive: true, force: true });
      expect(report).toContain("unused");
    },
    PATIENCE_MS,
  );
});
