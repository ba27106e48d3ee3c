import { importsOf, resolveImport, roomOf } from "../imports.ts";
import type { Rule } from "../rule.ts";

/** Rooms outside the product may reach into a folder; everyone else enters by the door. */
const MAY_REACH_IN = new Set(["", "tests", "scripts", "bench", "sdks"]);

/** A package is imported by its name and what its exports map offers. */
export const rule: Rule = {
  title: "packages are entered through their exports map, never around it",
  remedy: "import the package by name; add the file to its package.json exports if it is meant for others",
  check: (repository) =>
    repository.sources.flatMap((file) => {
      const room = roomOf(file.path);
      return importsOf(file).flatMap(({ specifier, where }) => {
        const target = resolveImport(repository, file, specifier);
        if (target.kind === "NOT_EXPORTED") {
          return [{ where, what: `${specifier} is not in the exports of ${target.manifest.name}` }];
        }
        const reachesIn = target.kind === "FILE" && target.manifest === null && roomOf(target.path) !== room;
        return reachesIn && !MAY_REACH_IN.has(room) ? [{ where, what: `${specifier} reaches into another room` }] : [];
      });
    }),
  caught: [
    { "server/src/embedded.ts": `import { rank } from "@tessera/subgraph-ml/src/domain/rank";` },
    { "server/src/embedded.ts": `import { rank } from "../../subgraphs/ml/src/subgraph.ts";` },
    { "gateway/src/gateway.ts": `import { clock } from "../../platform/src/time/clock.ts";` },
    { "tests/journeys/walk.spec.ts": `import { rank } from "@tessera/subgraph-ml/rank";` },
  ],
  allowed: [
    { "server/src/embedded.ts": `import { createMl } from "@tessera/subgraph-ml/subgraph"; import "./cli.ts";` },
    { "gateway/src/gateway.ts": `import { clock } from "@tessera/platform/time/clock";` },
    { "scripts/compose.ts": `import { compose } from "../gateway/src/composition.ts";` },
  ],
};
