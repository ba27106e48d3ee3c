import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { unformatted } from "../../scripts/check-format.mjs";

const root = join(import.meta.dirname, "../..");
/** Milliseconds in which two formatters look at some files on a busy machine. */
const PATIENCE_MS = 60_000;

/** Something badly written in each language that a formatter knows. */
const BAD: Readonly<Record<string, string>> = {
  ".ts": "export const a = {b:1}",
  ".tsx": "export const a = <p   id='x'>hello</p>",
  ".mjs": "export const a = {b:1}",
  ".cjs": "module.exports = {b:1}",
  ".json": '{"a":1,\n\n\n"b":2}',
  ".jsonc": '{"a":1,\n\n\n"b":2}',
  ".md": "* a\n* b\n",
  ".graphql": "type A{b:Int}\n",
  ".css": "a{color:red}\n",
  ".html": "<p   id='x'>hello</p>\n",
  ".yaml": "a:   1\n",
};
/** Languages that neither formatter knows, and files without one. */
const UNKNOWN = ["", ".sql", ".prisma", ".lua", ".svg", ".log"];
const GOOD: Readonly<Record<string, string>> = {
  "good.ts": "export const a = { b: 1 };\n",
  // Oxfmt would break this type over lines: prettier's form is the rule.
  "union.ts":
    'export type Mask =\n  { readonly kind: "NULL" } | { readonly kind: "HASH" } | { readonly kind: "CONSTANT"; readonly value: string };\n',
};

const NOT_WRITTEN_HERE = new Set(["node_modules", "dist", "generated", ".git", ".tessera", ".turbo", "coverage"]);
const languagesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return NOT_WRITTEN_HERE.has(entry.name) ? [] : languagesBelow(join(folder, entry.name));
    return extname(entry.name);
  });

describe("the check of the form of files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tessera-format-"));
    for (const name of [".prettierrc.json", ".oxfmtrc.json"]) copyFileSync(join(root, name), join(folder, name));
    for (const [name, text] of Object.entries(GOOD)) writeFileSync(join(folder, name), text);
    for (const [extension, text] of Object.entries(BAD)) writeFileSync(join(folder, `bad${extension}`), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    "finds what is badly written in each language, and no more",
    () => {
      const expected = Object.keys(BAD).map((extension) => `bad${extension}`);
      expect(unformatted(folder).toSorted()).toEqual(expected.toSorted());
    },
    PATIENCE_MS,
  );

  it("knows every language that files of the repository are written in", () => {
    const languages = new Set(languagesBelow(root));
    const known = [...Object.keys(BAD), ...UNKNOWN];
    expect([...languages].filter((language) => !known.includes(language))).toEqual([]);
  });
});
