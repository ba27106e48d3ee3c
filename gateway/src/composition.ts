import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { composeServices } from "@apollo/composition";
import { Supergraph } from "@apollo/federation-internals";
import { type GraphQLError, parse, printSchema } from "graphql";
import { parse as parseYaml } from "yaml";
import { z } from "zod";

/** More subgraphs than this in one file is taken for a mistake: composition time grows with their product. */
const MAX_SUBGRAPHS = 50;

const supergraphFile = z.object({
  federation_version: z.union([z.string(), z.number()]),
  subgraphs: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/, "a subgraph's name is kebab-case"),
      z.object({ routing_url: z.url(), schema: z.object({ file: z.string().min(1) }) }),
    )
    .refine((subgraphs) => Object.keys(subgraphs).length <= MAX_SUBGRAPHS, `at most ${MAX_SUBGRAPHS} subgraphs`),
});

/** One subgraph as supergraph.yaml names it; `sdlPath` is absolute. */
export interface SubgraphSource {
  readonly name: string;
  readonly url: string;
  readonly sdlPath: string;
}

/** A subgraph with its SDL text, ready to be composed. */
export interface SubgraphSdl {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

/** A supergraph, and what composition thinks worth a look (`CODE: sentence`). */
export interface Composition {
  readonly supergraphSdl: string;
  readonly hints: readonly string[];
}

/** Raised when the subgraphs do not fit together; the message lists every reason with its composition code. */
export class CompositionError extends Error {
  override readonly name = "CompositionError";
}

const withCode = ({ extensions, message }: GraphQLError): string =>
  `${typeof extensions["code"] === "string" ? extensions["code"] : "INVALID_GRAPHQL"}: ${message}`;

/** Reads a supergraph.yaml (the format of Apollo's rover); SDL paths are relative to it. Throws ZodError when it does not fit the format. */
export const readSupergraphFile = (path: string): readonly SubgraphSource[] => {
  const { subgraphs } = supergraphFile.parse(parseYaml(readFileSync(path, "utf8")));
  return Object.entries(subgraphs).map(([name, { routing_url, schema }]) => ({
    name,
    url: routing_url,
    sdlPath: resolve(dirname(path), schema.file),
  }));
};

/** Reads each subgraph's SDL; throws CompositionError naming every file that is missing. */
export const readSubgraphSdls = (sources: readonly SubgraphSource[]): readonly SubgraphSdl[] => {
  const missing = sources.filter(({ sdlPath }) => !existsSync(sdlPath));
  if (missing.length > 0) {
    const files = missing.map(({ name, sdlPath }) => `  ${name}: ${sdlPath}`);
    throw new CompositionError(`These schema files named by supergraph.yaml do not exist:\n${files.join("\n")}`);
  }
  return sources.map(({ name, url, sdlPath }) => ({ name, url, sdl: readFileSync(sdlPath, "utf8") }));
};

/** Composes subgraphs into one supergraph SDL by Apollo Federation 2's rules; throws CompositionError with every reason it can't be. */
export const composeSupergraph = (subgraphs: readonly SubgraphSdl[]): Composition => {
  const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const result = composeServices(services);
  if (result.errors !== undefined) {
    throw new CompositionError(`The subgraphs do not compose:\n${result.errors.map(withCode).join("\n")}`);
  }
  return {
    supergraphSdl: `${result.supergraphSdl.trimEnd()}\n`,
    hints: result.hints.map(({ definition, message }) => `${definition.code}: ${message}`),
  };
};

const KEPT = "# Composed by `npm run compose` of subgraphs with the digest ";

const digestOf = (subgraphs: readonly SubgraphSdl[]): string =>
  createHash("sha256")
    .update(JSON.stringify(subgraphs.map(({ name, url, sdl }) => [name, url, sdl])))
    .digest("hex");

/** The text of a file that keeps a supergraph for later, with what tells which subgraphs it was composed of. */
export const keptText = (subgraphs: readonly SubgraphSdl[], supergraphSdl: string): string =>
  `${KEPT}${digestOf(subgraphs)}\n${supergraphSdl}`;

/** The supergraph a file keeps, when it was composed of just these subgraphs; null when it has to be composed anew. */
export const keptSupergraph = (subgraphs: readonly SubgraphSdl[], text: string): string | null => {
  const head = `${KEPT}${digestOf(subgraphs)}\n`;
  return text.startsWith(head) ? text.slice(head.length) : null;
};

/** SDL of what clients see of a supergraph: no federation directives, nothing inaccessible. */
export const clientSdl = (supergraphSdl: string): string =>
  printSchema(Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema());
