import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { readTextFiles, ROOT } from "./text-files.ts";

const LINE_CAP = 150;
const BUILT_IN = new Set(["start", "test", "ci", "install"]);
const manifest = z.object({ scripts: z.record(z.string(), z.string()) });

const lineCount = (text: string): number => text.trimEnd().split("\n").length;

/** Scripts a text tells people to run with npm. */
const scriptsIn = (text: string): readonly string[] =>
  [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)].flatMap(([whole, name = ""]) =>
    whole.startsWith("npm run ") || BUILT_IN.has(name) ? [name] : [],
  );

describe("the README is short and its commands exist", () => {
  it(`has at most ${LINE_CAP} lines`, () => {
    expect(lineCount(readFileSync(join(ROOT, "README.md"), "utf8"))).toBeLessThanOrEqual(LINE_CAP);
  });

  it("every npm script that a document names is in package.json", () => {
    const { scripts } = manifest.parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
    const known = new Set([...Object.keys(scripts), "ci", "install"]);
    const found = readTextFiles()
      .filter(({ path }) => path.endsWith(".md"))
      .flatMap(({ path, text }) =>
        scriptsIn(text)
          .filter((name) => !known.has(name))
          .map((name) => `${path}: npm run ${name}`),
      );
    expect(found).toEqual([]);
  });

  it("counts lines and finds scripts as a reader would", () => {
    expect(lineCount("a\nb\n\n")).toBe(2);
    expect(scriptsIn("`npm start`, npm run bench:ingest, npm install, npm packages")).toEqual([
      "start",
      "bench:ingest",
      "install",
    ]);
  });
});
