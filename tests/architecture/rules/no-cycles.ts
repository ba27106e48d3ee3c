import { importsOf, resolveImport } from "../imports.ts";
import type { Rule } from "../rule.ts";
import type { Repository, Violation } from "../source-files.ts";

type Graph = ReadonlyMap<string, readonly { readonly to: string; readonly where: string }[]>;

const graphOf = (repository: Repository): Graph => {
  const known = new Set(repository.sources.map(({ path }) => path));
  return new Map(
    repository.sources.map((file) => [
      file.path,
      importsOf(file).flatMap(({ specifier, where }) => {
        const target = resolveImport(repository, file, specifier);
        return target.kind === "FILE" && known.has(target.path) ? [{ to: target.path, where }] : [];
      }),
    ]),
  );
};

const cyclesIn = (graph: Graph): readonly Violation[] => {
  const found: Violation[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (done.has(path)) return;
    for (const { to, where } of graph.get(path) ?? []) {
      const from = [...trail, path].indexOf(to);
      if (from >= 0) found.push({ where, what: [...trail, path, to].slice(from).join(" -> ") });
      else visit(to, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
};

/** No file imports itself by way of others, types included: what needs each other belongs together or needs a third file. */
export const rule: Rule = {
  title: "no import cycles",
  remedy: "move what both need into a file of its own",
  check: (repository) => cyclesIn(graphOf(repository)),
  caught: [
    { "platform/src/a.ts": `import { b } from "./b.ts";`, "platform/src/b.ts": `import { a } from "./a.ts";` },
    {
      "platform/src/a.ts": `import type { B } from "./b.ts";`,
      "platform/src/b.ts": `import { c } from "./c.ts";`,
      "platform/src/c.ts": `import { a } from "@tessera/platform/a";`,
    },
  ],
  allowed: [
    {
      "platform/src/a.ts": `import { b } from "./b.ts"; import { c } from "./c.ts";`,
      "platform/src/b.ts": `import { c } from "./c.ts";`,
      "platform/src/c.ts": `import { readFile } from "node:fs/promises";`,
    },
  ],
};
