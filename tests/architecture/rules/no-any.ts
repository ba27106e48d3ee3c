import ts from "typescript";
import type { Rule } from "../rule.ts";
import { placeOf, type Violation, walk } from "../source-files.ts";

const problem = (node: ts.Node): string | null => {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "`any`";
  if (ts.isNonNullExpression(node)) return "non-null `!`";
  const isDeclaration = ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node);
  return isDeclaration && node.exclamationToken !== undefined ? "definite assignment `!`" : null;
};

/** A type that is not known is `unknown` and is parsed; a value that may be missing is handled. */
export const rule: Rule = {
  title: "no `any` and no non-null `!`",
  remedy: "use `unknown` and parse it; handle the missing case or make it unsayable",
  check: ({ sources }) =>
    sources.flatMap((file) => {
      const found: Violation[] = [];
      walk(file, (node) => {
        const what = problem(node);
        if (what !== null) found.push({ where: placeOf(file, node), what });
      });
      return found;
    }),
  caught: [
    { "platform/src/a.ts": `const a: any = 1;` },
    { "platform/src/a.ts": `const a = new Map<string, any[]>();` },
    { "platform/src/a.ts": `const b = list[0]!;` },
    { "platform/src/a.ts": `let c!: string;` },
    { "console/src/page.tsx": `const root = <App data={data!} />;` },
  ],
  allowed: [{ "platform/src/a.ts": `const any = "any"; /* any! */ const b: unknown = !any;` }],
};
