import { type Import, importsOf, resolveImport, roomOf } from "../imports.ts";
import type { Rule, Sample } from "../rule.ts";
import { isTest } from "../source-files.ts";

/** What a layer may import from its own subgraph: "value" anything, "type" only `import type`. */
type Reach = Readonly<Record<string, "value" | "type">>;

const OPERATION_REACH: Reach = { domain: "value", store: "type", parents: "type" };
const LAYERS: Readonly<Record<string, Reach>> = {
  domain: {},
  store: { domain: "type" },
  operations: OPERATION_REACH,
  reactions: { ...OPERATION_REACH, operations: "type" },
  jobs: { ...OPERATION_REACH, operations: "type" },
  // Programs of threads, which have no subgraph.ts of their own to hand them what they need.
  threads: { domain: "value", store: "value" },
  loaders: { domain: "value", store: "type", operations: "type", parents: "type" },
  parents: { domain: "type", store: "type", operations: "type" },
  context: {
    domain: "type",
    store: "type",
    operations: "type",
    reactions: "type",
    jobs: "type",
    loaders: "type",
    parents: "type",
  },
  resolvers: {
    domain: "value",
    operations: "value",
    context: "type",
    loaders: "type",
    parents: "type",
    generated: "type",
  },
  permissions: { generated: "type" },
  config: {},
};
/** What the tests of a subgraph share; it may reach everything, and nothing but tests may reach it. */
const TESTING = "testing";
const ASSEMBLES = new Set(["subgraph", "seed", "main"]);
/** One feature put together, for subgraph.ts alone: open-webhooks.ts. */
const OPENS = /^open-/;

/** Domain code is pure; of the platform it may know only what is pure as well: time, errors, statistics, text and these single files. */
const PURE_PLATFORM =
  /^@tessera\/platform\/(time\/|errors\/|statistics\/|text\/|events\/log-cursor$|pictures\/printable$|integrity\/(canonical-json|digest)$|executions\/allowance$|store\/property-path$|store\/data-policy$|auth\/(networks|standing-subject)$)/;

const layerOf = (path: string): string => (path.split("/")[3] ?? "").replace(/\.ts$/, "");

const problem = (layer: string, target: string, entry: Import): string | null => {
  if (target === "main") return "nobody imports main.ts";
  if (target === TESTING) return "only tests import testing";
  if (target === "subgraph") return layer === "main" ? null : "only main.ts imports subgraph.ts";
  if (OPENS.test(target) && layer !== "subgraph") return "only subgraph.ts imports what opens a feature";
  if (ASSEMBLES.has(layer) || OPENS.test(layer) || layer === target) return null;
  const reach = LAYERS[layer];
  if (reach === undefined) return `${layer} is no layer of a subgraph (${Object.keys(LAYERS).join(", ")})`;
  if (reach[target] === "value" || (reach[target] === "type" && entry.typeOnly)) return null;
  return reach[target] === "type"
    ? `${layer} may import only types from ${target}`
    : `${layer} may not import ${target}`;
};

const inMl = (path: string, text: string): Sample => ({ [`subgraphs/ml/src/${path}`]: text });

/** domain <- operations <- resolvers <- subgraph.ts <- main.ts; store imports domain types. */
export const rule: Rule = {
  title:
    "inside a subgraph: domain <- operations <- resolvers <- subgraph.ts <- main.ts; store imports domain types only",
  remedy: "pass it as an argument from subgraph.ts, use `import type`, or move the decision into domain",
  check: (repository) =>
    repository.sources.flatMap((file) => {
      const room = roomOf(file.path);
      if (!/^subgraphs\/[^/]+\/src\//.test(file.path) || isTest(file.path)) return [];
      const layer = layerOf(file.path);
      if (layer === TESTING) return [];
      return importsOf(file).flatMap((entry) => {
        const target = resolveImport(repository, file, entry.specifier);
        const isPlatform = entry.specifier.startsWith("@tessera/platform/");
        if (layer === "domain" && isPlatform && !PURE_PLATFORM.test(entry.specifier)) {
          return [{ where: entry.where, what: "domain may know of the platform only what is pure (PURE_PLATFORM)" }];
        }
        if (target.kind !== "FILE" || roomOf(target.path) !== room || !target.path.startsWith(`${room}/src/`))
          return [];
        const what = problem(layer, layerOf(target.path), entry);
        return what === null ? [] : [{ where: entry.where, what }];
      });
    }),
  caught: [
    inMl("domain/rank.ts", `import type { Store } from "../store/item-store.ts";`),
    inMl("domain/rank.ts", `import { createPool } from "@tessera/platform/db/tenant-pool";`),
    inMl("store/item-store.ts", `import { rank } from "../domain/rank.ts";`),
    inMl("operations/recommend.ts", `import { createItemStore } from "../store/item-store.ts";`),
    inMl("operations/recommend.ts", `import type { QueryResolvers } from "../generated/resolvers.ts";`),
    inMl("resolvers/query.ts", `import type { ItemStore } from "../store/item-store.ts";`),
    inMl("resolvers/query.ts", `import { createMl } from "../subgraph.ts";`),
    inMl("subgraph.ts", `import { start } from "./main.ts";`),
    inMl("subgraph.ts", `import { sample } from "./testing/sample.ts";`),
    inMl("services/rank.ts", `import { rank } from "../domain/rank.ts";`),
    inMl("operations/recommend.ts", `import { openItems } from "../open-items.ts";`),
    inMl("open-items.ts", `import { createMl } from "./subgraph.ts";`),
  ],
  allowed: [
    inMl(
      "operations/recommend.ts",
      `import { rank } from "../domain/rank.ts"; import type { ItemStore } from "../store/item-store.ts";`,
    ),
    inMl("store/item-store.ts", `import { type Item } from "../domain/item.ts"; import { sql } from "./sql.ts";`),
    inMl(
      "resolvers/query.ts",
      `import type { QueryResolvers } from "../generated/resolvers.ts"; import { recommend } from "../operations/recommend.ts";`,
    ),
    inMl("open-items.ts", `import { createItemStore } from "./store/item-store.ts";`),
    inMl(
      "subgraph.ts",
      `import { Query } from "./resolvers/query.ts"; import { createItemStore } from "./store/item-store.ts";`,
    ),
    inMl("testing/room.ts", `import { createMl } from "../subgraph.ts";`),
    inMl("main.ts", `import { createMl } from "./subgraph.ts"; import { config } from "./config.ts";`),
    inMl("store/item-store.db.test.ts", `import { rank } from "../domain/rank.ts";`),
  ],
};
