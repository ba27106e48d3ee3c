import ts from "typescript";
import { importsOf } from "../imports.ts";
import type { Rule, Sample } from "../rule.ts";
import { isTest, placeOf, type SourceFile, type Violation, walk } from "../source-files.ts";

const IMPURE_CALLS =
  /^(Date\.now|Math\.random|performance\.now|crypto\.\w+|globalThis\.\w+|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|process\.\w+|console\.\w+)$/;

const problem = (file: SourceFile, node: ts.Node): string | null => {
  if (ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword) return "waits";
  if (ts.isNewExpression(node) && node.expression.getText(file.ast) === "Date" && (node.arguments?.length ?? 0) === 0)
    return "reads the clock";
  if (!ts.isCallExpression(node)) return null;
  const callee = node.expression.getText(file.ast);
  return IMPURE_CALLS.test(callee) ? `calls ${callee}` : null;
};

const inDomain = (text: string): Sample => ({ "subgraphs/ml/src/domain/rank.ts": text });

/** Input and time in, decision out: what decides can be tested by a table of cases. */
export const rule: Rule = {
  title: "domain code is pure: no clock, no chance, no waiting, no input or output",
  remedy: "take it as an argument (nowMs, random, rows) and leave the effect to the operation",
  check: ({ sources }) =>
    sources
      .filter(({ path }) => /^subgraphs\/[^/]+\/src\/domain\//.test(path) && !isTest(path))
      .flatMap((file) => {
        const found: Violation[] = importsOf(file)
          .filter(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith("node:"))
          .map(({ where, specifier }) => ({ where, what: `imports ${specifier}` }));
        walk(file, (node) => {
          const what = problem(file, node);
          if (what !== null) found.push({ where: placeOf(file, node), what });
        });
        return found;
      }),
  caught: [
    inDomain(`const a = Date.now();`),
    inDomain(`const a = new Date();`),
    inDomain(`const a = async () => 1;`),
    inDomain(`import { readFileSync } from "node:fs";`),
    inDomain(`const a = Math.random() + crypto.randomUUID();`),
  ],
  allowed: [
    inDomain(`export const a = (nowMs: number) => new Date(nowMs).getUTCHours() + Math.max(1, 2);`),
    { "subgraphs/ml/src/operations/rank.ts": `const a = async () => Date.now();` },
  ],
};
