import { describe, expect, it } from "@jest/globals";
import ts from "typescript";
import { isTest, readRepository, repositoryOf, type Repository, type SourceFile, walk } from "./source-files.ts";

const DOCUMENT = "docs/configuration.md";
const VARIABLE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

const isConfig = (path: string): boolean =>
  !isTest(path) &&
  !path.includes("/testing/") &&
  (/\/src\/(.*\/)?config\.ts$/.test(path) || /\/src\/config\/[^/]+\.ts$/.test(path));

const isWritten = ({ parent }: ts.Node): boolean =>
  ts.isBinaryExpression(parent) && /^(\?\?|\|\|)?=$/.test(parent.operatorToken.getText());

const isEnvironment = (node: ts.Node): boolean => /(^|\.)env(ironment)?$/.test(node.getText());

const variableOf = (node: ts.Node): string | null => {
  if (ts.isPropertyAssignment(node) && (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name)))
    return node.name.text;
  const isAccess = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  if (!isAccess || !isEnvironment(node.expression) || isWritten(node)) return null;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isStringLiteral(node.argumentExpression) ? node.argumentExpression.text : null;
};

/** Names a config file uses as keys of the environment: `NAME: schema`, `env.NAME` or `env["NAME"]`. */
const variablesIn = (file: SourceFile): readonly string[] => {
  const found = new Set<string>();
  walk(file, (node) => {
    const name = variableOf(node);
    if (name !== null && name.length > 2 && VARIABLE.test(name)) found.add(name);
  });
  return [...found];
};

/** Names in the first column of the document's tables: `| \`NAME\` | ...`. */
const documentedIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\|\s*`([A-Z][A-Z0-9_]*)`/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]));

const gapsIn = ({ sources, texts }: Repository): readonly string[] => {
  const documented = documentedIn(texts.find(({ path }) => path === DOCUMENT)?.text ?? "");
  const read = sources
    .filter(({ path }) => isConfig(path))
    .flatMap((file) => variablesIn(file).map((name) => ({ name, path: file.path })));
  return [
    ...read
      .filter(({ name }) => !documented.includes(name))
      .map(({ name, path }) => `${path}: ${name} is not in ${DOCUMENT}`),
    ...documented
      .filter((name) => !read.some((entry) => entry.name === name))
      .map((name) => `${DOCUMENT}: no config reads ${name}`),
  ];
};

describe("docs/configuration.md lists exactly the environment variables that are read", () => {
  it("holds in this repository", () => {
    const found = gapsIn(readRepository());
    expect(
      found.length === 0 ? "" : `${found.join("\n")}\n-> one table row per variable: | \`NAME\` | meaning | default |`,
    ).toBe("");
  });

  const row = (name: string) => ({
    path: DOCUMENT,
    text: `| Variable | Meaning |\n|---|---|\n| \`${name}\` | words with \`OTHER_CODE\` |\n`,
  });
  const config = (text: string) => ({ path: "gateway/src/config.ts", text });

  it.each([
    ["a zod shape", `const shape = { PORT: port(4000) };`],
    ["a property", `const port = process.env.PORT;`],
    ["an index", `const port = environment["PORT"];`],
  ])("reads the variable of %s", (_how, text) => {
    expect(gapsIn(repositoryOf([config(text), row("PORT")]))).toEqual([]);
    expect(gapsIn(repositoryOf([config(text)]))).toEqual([
      "gateway/src/config.ts: PORT is not in docs/configuration.md",
    ]);
  });

  it("takes neither a constant nor a variable that is set for one that is read", () => {
    const text = `process.env["TELEMETRY_DISABLED"] = "true"; const never = z.NEVER;`;
    expect(gapsIn(repositoryOf([config(text)]))).toEqual([]);
  });

  it("catches a documented variable that nothing reads", () => {
    expect(gapsIn(repositoryOf([config(""), row("OLD_PORT")]))).toEqual([
      "docs/configuration.md: no config reads OLD_PORT",
    ]);
  });
});
