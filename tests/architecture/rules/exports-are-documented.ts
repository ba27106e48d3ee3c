import ts from "typescript";
import type { Rule } from "../rule.ts";
import { isTest, placeOf, type SourceFile } from "../source-files.ts";

/** Shorter than this is a label, not a sentence. */
const SENTENCE = 15;

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) &&
  !(ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);

const isDocumented = (file: SourceFile, statement: ts.Statement): boolean =>
  ts.getJSDocCommentsAndTags(statement).some((doc) => {
    if (!ts.isJSDoc(doc)) return false;
    return (
      (ts.getTextOfJSDocComment(doc.comment) ?? "").trim().length >= SENTENCE ||
      doc.getText(file.ast).length >= 2 * SENTENCE
    );
  });

const beginningOf = (file: SourceFile, statement: ts.Statement): string =>
  statement
    .getText(file.ast)
    .split(/[=({\n]/)[0]
    ?.trim() ?? "";

/** Who imports a name reads what it is, its units and its errors without opening the file. */
export const rule: Rule = {
  title: "every exported declaration has a TSDoc sentence",
  remedy: "write /** one true sentence: what it is, units, errors, source of a formula */ above it",
  check: ({ sources }) =>
    sources
      .filter(({ path }) => !isTest(path))
      .flatMap((file) =>
        file.ast.statements
          .filter((statement) => isExported(statement) && !isDocumented(file, statement))
          .map((statement) => ({
            where: placeOf(file, statement),
            what: `${beginningOf(file, statement)} has no TSDoc sentence`,
          })),
      ),
  caught: [
    { "platform/src/a.ts": `export const a = 1;` },
    { "platform/src/a.ts": `// a counted from one\nexport type A = number;` },
    { "platform/src/a.ts": `/** a */\nexport interface A {}` },
    { "platform/src/a.ts": `/** The first of the two letters. */\nexport const a = 1;\nexport function b() {}` },
    { "scripts/a.mjs": `export class A {}` },
  ],
  allowed: [
    { "platform/src/a.ts": `/** The first of the two letters. */\nexport const a = 1;\nconst b = 2;` },
    {
      "platform/src/a.ts": `/** The first of the two letters. */\n// boundary: a comment between\nexport const a = 1;`,
    },
    { "platform/src/a.test.ts": `export const a = 1;`, "jest.config.mjs": `export default {};` },
  ],
};
