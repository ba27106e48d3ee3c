import ts from "typescript";
import type { Rule } from "../rule.ts";
import { isTest, placeOf, type Violation, walk } from "../source-files.ts";

/** Configuration is read once per process, in files named for it; scripts and tests run outside a process of the product. */
const mayRead = (path: string): boolean =>
  isTest(path) || /^(scripts|tests|bench)\//.test(path) || /(^|\/)(config|[a-z-]+\.config)\.[cm]?[jt]s$/.test(path);

/** Only config files read process.env, so that docs/configuration.md can be complete. */
export const rule: Rule = {
  title: "only config.ts files read process.env",
  remedy: "add the variable to the room's config.ts (and docs/configuration.md) and pass its value as an argument",
  check: ({ sources }) =>
    sources
      .filter(({ path }) => !mayRead(path))
      .flatMap((file) => {
        const found: Violation[] = [];
        walk(file, (node) => {
          const isRead =
            ts.isPropertyAccessExpression(node) &&
            node.name.text === "env" &&
            /^(process|import\.meta)$/.test(node.expression.getText(file.ast));
          const isNamedImport =
            ts.isImportDeclaration(node) &&
            /^"(node:)?process"$/.test(node.moduleSpecifier.getText(file.ast)) &&
            /\benv\b/.test(node.getText(file.ast));
          const isIndexed =
            ts.isElementAccessExpression(node) && /^process\[["']env["']\]$/.test(node.getText(file.ast));
          if (isRead || isNamedImport || isIndexed)
            found.push({ where: placeOf(file, node), what: "reads the environment" });
        });
        return found;
      }),
  caught: [
    { "platform/src/db/pool.ts": `const url = process.env["DATABASE_URL"];` },
    { "platform/src/db/pool.ts": `import { env } from "node:process";` },
    { "gateway/src/main.ts": `start(process.env);` },
    { "gateway/src/my-config.ts": `start(process["env"]);` },
  ],
  allowed: [
    { "gateway/src/config.ts": `export const config = parse(process.env);`, "scripts/a.mjs": `process.env.CI;` },
    { "platform/src/a.ts": `process.exitCode = 1; const env = {}; // process.env is read elsewhere` },
  ],
};
