import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./text-files.ts";

/** One subgraph's SDL; `path` is relative to the root. */
export interface SdlFile {
  readonly subgraph: string;
  readonly path: string;
  readonly sdl: string;
}

/** The SDL of every subgraph that has one. */
export const readSdlFiles = (): readonly SdlFile[] =>
  readdirSync(join(ROOT, "subgraphs"))
    .map((subgraph) => ({ subgraph, path: `subgraphs/${subgraph}/schema.graphql` }))
    .filter(({ path }) => existsSync(join(ROOT, path)))
    .map(({ subgraph, path }) => ({ subgraph, path, sdl: readFileSync(join(ROOT, path), "utf8") }));
