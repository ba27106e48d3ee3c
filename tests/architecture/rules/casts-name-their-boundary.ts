import ts from "typescript";
import type { Rule } from "../rule.ts";
import { lineOf, type SourceFile, type Violation, walk } from "../source-files.ts";

/** The comment says what is trusted and why: at least a few words after the name. */
const BOUNDARY = /\/\/ boundary: \S+(\s+\S+){2,}/;

const isConst = (node: ts.AssertionExpression): boolean =>
  ts.isTypeReferenceNode(node.type) && node.type.getText() === "const";

const isNamed = (file: SourceFile, node: ts.AssertionExpression): boolean => {
  const lines = file.text.split("\n");
  const isComment = (line: number): boolean => /^\s*(\/\/|\/?\*)/.test(lines[line - 1] ?? "");
  const atCast = lineOf(file, node.type.getStart(file.ast));
  let statement: ts.Node = node;
  while (!ts.isStatement(statement) && statement.parent !== undefined) statement = statement.parent;
  return [atCast, lineOf(file, node.getStart(file.ast)), lineOf(file, statement.getStart(file.ast))].some((start) => {
    if (BOUNDARY.test(lines[start - 1] ?? "")) return true;
    for (let line = start - 1; isComment(line); line -= 1) if (BOUNDARY.test(lines[line - 1] ?? "")) return true;
    return false;
  });
};

/** A cast is a promise the compiler can't check; it stands where something foreign enters, and says why it holds. */
export const rule: Rule = {
  title: "`as` stands only at a named boundary",
  remedy: "parse the value, or write `// boundary: what is trusted and why` on the line or the line above",
  check: ({ sources }) =>
    sources.flatMap((file) => {
      const found: Violation[] = [];
      walk(file, (node) => {
        if (!ts.isAssertionExpression(node) || isConst(node)) return;
        const inner = ts.isAssertionExpression(node.parent);
        if (!inner && !isNamed(file, node)) {
          const where = `${file.path}:${lineOf(file, node.type.getStart(file.ast))}`;
          found.push({ where, what: `cast to ${node.type.getText(file.ast)} without a boundary comment` });
        }
      });
      return found;
    }),
  caught: [
    { "platform/src/a.ts": `const a = row as Row;` },
    { "platform/src/a.ts": `const a = <Row>row;` },
    { "platform/src/a.ts": `// boundary: yes\nconst a = row as Row;` },
    {
      "platform/src/a.ts": `// boundary: the driver promises rows of this shape\n\nconst b = 1;\nconst a = row as Row;`,
    },
    { "platform/src/a.test.ts": `const a = {} as unknown as Row;` },
  ],
  allowed: [
    {
      "platform/src/a.ts": `const a = ["x"] as const; const b = {} satisfies object; import { c as d } from "./c.ts";`,
    },
    { "platform/src/a.ts": `// boundary: the driver promises rows of this shape\nconst a = row as Row;` },
    { "platform/src/a.ts": `const a = row as Row; // boundary: the driver promises rows of this shape` },
    {
      "platform/src/a.ts": `// boundary: the driver promises\n// rows of this shape\nconst a = (\n  row) as unknown as Row;`,
    },
  ],
};
