import ts from "typescript";
import type { Rule } from "../rule.ts";
import { placeOf, type Violation } from "../source-files.ts";

/** A name has one home, and the import says which: nothing is exported on behalf of another file. */
export const rule: Rule = {
  title: "no barrels: no index files, no re-exports",
  remedy: "import the name from the file that declares it; name the file for what it holds",
  check: ({ sources }) =>
    sources.flatMap((file) => {
      const index = /(^|\/)index\.[cm]?[jt]sx?$/.test(file.path);
      const found: Violation[] = index ? [{ where: `${file.path}:1`, what: "a file named index" }] : [];
      for (const statement of file.ast.statements) {
        if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
        found.push({ where: placeOf(file, statement), what: "a re-export" });
      }
      return found;
    }),
  caught: [
    { "platform/src/errors/index.ts": `export const a = 1;` },
    { "platform/src/errors/all.ts": `export * from "./refusal.ts";` },
    { "platform/src/errors/all.ts": `export type { Refusal } from "./refusal.ts";` },
  ],
  allowed: [{ "platform/src/errors/refusal.ts": `const a = 1; export { a };` }],
};
