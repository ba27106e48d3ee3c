import { importsOf, resolveImport, roomOf } from "../imports.ts";
import type { Rule } from "../rule.ts";

/** Rooms that may look at everything: the composition root, and what is no part of the running product. */
const SEES_ALL = new Set(["", "server", "tests", "scripts", "bench", "sdks", "deploy"]);

const KNOWS: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  platform: ["contracts"],
  prisma: ["contracts"],
  gateway: ["contracts", "platform"],
  "rest-bridge": ["contracts", "platform"],
  ingest: ["contracts", "platform"],
  identity: ["contracts", "platform"],
  console: ["contracts", "platform"],
};
const SUBGRAPH_KNOWS = ["contracts", "platform", "prisma"];

const known = (room: string): readonly string[] => KNOWS[room] ?? (room.startsWith("subgraphs/") ? SUBGRAPH_KNOWS : []);

/** contracts <- platform <- subgraphs; gateway, rest-bridge and ingest know platform and contracts; only server knows them all. */
export const rule: Rule = {
  title: "rooms know each other one way: contracts <- platform <- subgraphs, never sideways",
  remedy:
    "move what is shared into contracts (words) or platform (mechanism), or speak by federation or a contract event",
  check: (repository) =>
    repository.sources.flatMap((file) => {
      const room = roomOf(file.path);
      if (SEES_ALL.has(room)) return [];
      return importsOf(file).flatMap(({ specifier, where }) => {
        const target = resolveImport(repository, file, specifier);
        if (target.kind === "EXTERNAL") return [];
        const other = roomOf(target.kind === "FILE" ? target.path : `${target.manifest.folder}/package.json`);
        if (other === room || known(room).includes(other)) return [];
        return [
          { where, what: `${room} imports ${specifier}, but may know only ${known(room).join(", ") || "itself"}` },
        ];
      });
    }),
  caught: [
    { "contracts/src/ids.ts": `import { clock } from "@tessera/platform/time/clock";` },
    { "platform/src/http/server.ts": `import type { Subgraph } from "@tessera/subgraph-ml/subgraph";` },
    { "subgraphs/anomaly/src/subgraph.ts": `const ml = await import("@tessera/subgraph-ml/subgraph");` },
    { "gateway/src/gateway.ts": `import { x } from "../../subgraphs/ml/src/domain/x.ts";` },
    { "rest-bridge/src/bridge.ts": `export { gateway } from "@tessera/gateway/gateway";` },
    { "ingest/src/ingest.ts": `let ml: import("@tessera/subgraph-ml/subgraph").Ml;` },
  ],
  allowed: [
    { "platform/src/auth/identity.ts": `import type { TenantId } from "@tessera/contracts/ids";` },
    {
      "subgraphs/anomaly/src/subgraph.ts": `import { clock } from "@tessera/platform/time/clock"; import fs from "node:fs";`,
    },
    { "server/src/embedded.ts": `import { createMl } from "@tessera/subgraph-ml/subgraph";` },
    { "tests/journeys/walk.spec.ts": `import { createMl } from "@tessera/subgraph-ml/subgraph";` },
  ],
};
