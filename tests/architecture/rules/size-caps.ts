import ts from "typescript";
import type { Rule } from "../rule.ts";
import { codeLines, lineOf, placeOf, type SourceFile, type Violation, walk } from "../source-files.ts";

const FILE_CAP = 300;
const FUNCTION_CAP = 60;

/**
 * Lines of code from one line to another; the cap where there are no more lines of any kind, since telling code from comments costs more than
 * all other rules together.
 */
const linesBetween = (file: SourceFile, first: number, last: number, cap: number): number =>
  last - first < cap ? cap : [...codeLines(file)].filter((line) => line >= first && line <= last).length;

const isSuite = (node: ts.Node): boolean =>
  ts.isCallExpression(node.parent) && node.parent.expression.getText().trim().startsWith("describe");

const longFunctions = (file: SourceFile): readonly Violation[] => {
  const found: Violation[] = [];
  walk(file, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || isSuite(node)) return;
    const [first, last] = [lineOf(file, node.getStart(file.ast)), lineOf(file, node.getEnd())];
    const lines = linesBetween(file, first, last, FUNCTION_CAP);
    if (lines > FUNCTION_CAP)
      found.push({ where: placeOf(file, node), what: `function of ${lines} lines, cap ${FUNCTION_CAP}` });
  });
  return found;
};

const statements = (count: number): string => Array.from({ length: count }, (_, index) => `step(${index});`).join("\n");

/** What does not fit on a screen or two is several things; a list of tests is exempt from the function cap, its tests are not. */
export const rule: Rule = {
  title: `files have at most ${FILE_CAP} lines and functions ${FUNCTION_CAP}, comments and blanks not counted`,
  remedy: "split it along its steps, each named for what it decides",
  check: ({ sources }) =>
    sources.flatMap((file) => {
      const lines = linesBetween(file, 1, lineOf(file, file.text.length), FILE_CAP);
      const long =
        lines > FILE_CAP ? [{ where: `${file.path}:1`, what: `file of ${lines} lines, cap ${FILE_CAP}` }] : [];
      return [...long, ...longFunctions(file)];
    }),
  caught: [
    { "platform/src/a.ts": statements(301) },
    { "platform/src/a.ts": `const run = () => {\n${statements(59)}\n};` },
    { "platform/src/a.test.ts": `describe("x", () => { it("y", () => {\n${statements(70)}\n}); });` },
  ],
  allowed: [
    { "platform/src/a.ts": `${"// words\n\n/** words */\n".repeat(200)}${statements(300)}` },
    { "platform/src/a.ts": `function run() {\n// first\n\n${statements(58)}\n}` },
    { "platform/src/a.test.ts": `describe("x", () => {\n${statements(100)}\n});` },
  ],
};
