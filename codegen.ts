import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CodegenConfig } from "@graphql-codegen/cli";
import { clientSdl } from "./gateway/src/composition.ts";

type Output = CodegenConfig["generates"][string];
type ScalarTypes = Record<string, string | { readonly input: string; readonly output: string }>;

/** What a subgraph's code sees: inputs as the scalar's parser leaves them, outputs as its serializer accepts them. */
const SERVER_SCALARS: ScalarTypes = {
  ID: "string",
  DateTime: "string",
  Date: "string",
  Duration: "string",
  TimeZone: "string",
  Cursor: "string",
  BigInt: { input: "string", output: "string | number | bigint" },
  Decimal: "string",
  JSON: "unknown",
  _FieldSet: "string",
};

/** What travels in a JSON answer or in variables. */
const WIRE_SCALARS: ScalarTypes = { ...SERVER_SCALARS, BigInt: "number | string" };

/** Rooms that speak to the graph as clients: where their documents are, where typed documents and the manifest go. */
const CLIENTS = [
  { documents: "rest-bridge/operations", output: "rest-bridge/src/generated/" },
  { documents: "console/src/page/tabs", output: "console/src/generated/" },
  { documents: "tests/operations", output: "tests/generated/" },
] as const;

const STRICT = {
  strictScalars: true,
  useTypeImports: true,
  enumType: "string-literal",
  enumsAsTypes: true,
  immutableTypes: true,
  skipTypename: true,
} as const;

const filesIn = (folder: string, ending: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name))
    : [];

const parentsIn = (subgraph: string, file: string): [string, string][] => {
  const declared = readFileSync(`subgraphs/${subgraph}/src/${file}`, "utf8").matchAll(
    /^export (?:type|interface) (\w+)Parent\b/gm,
  );
  return [...declared].map(([, name = ""]) => [name, `../${file}#${name}Parent`]);
};

/**
 * `export type AnomalyParent = ...` in a subgraph's src/parents.ts, or in a file of src/parents, says what a resolver of `Anomaly` receives as its parent.
 */
const parentMappers = (subgraph: string): Record<string, string> => {
  const src = `subgraphs/${subgraph}/src`;
  const files = ["parents.ts", ...filesIn(`${src}/parents`, ".ts").map((path) => path.slice(src.length + 1))];
  return Object.fromEntries(
    files.filter((file) => existsSync(`${src}/${file}`)).flatMap((file) => parentsIn(subgraph, file)),
  );
};

const resolverTypes = (subgraph: string): Output => ({
  schema: `subgraphs/${subgraph}/schema.graphql`,
  plugins: ["typescript", "typescript-resolvers"],
  config: {
    ...STRICT,
    federation: true,
    contextType: "../context.ts#Context",
    scalars: SERVER_SCALARS,
    mappers: parentMappers(subgraph),
    resolversNonOptionalTypename: { unionMember: true, interfaceImplementingType: true, excludeTypes: [] },
    makeResolverTypeCallable: true,
    avoidOptionals: { field: true, inputValue: false, object: false, defaultValue: false },
    inputMaybeValue: "T | null | undefined",
  },
});

const clientDocuments = (documents: string, apiSchema: string): Output => ({
  schema: apiSchema,
  documents: `${documents}/*.graphql`,
  preset: "client",
  presetConfig: {
    fragmentMasking: false,
    persistedDocuments: {
      hashAlgorithm: (document: string) => `sha256:${createHash("sha256").update(document).digest("hex")}`,
    },
  },
  config: { ...STRICT, skipTypename: false, scalars: WIRE_SCALARS },
});

const subgraphs = existsSync("subgraphs")
  ? readdirSync("subgraphs").filter((name) => existsSync(`subgraphs/${name}/schema.graphql`))
  : [];
const clients = existsSync("supergraph.graphql")
  ? CLIENTS.filter(({ documents }) => filesIn(documents, ".graphql").length > 0)
  : [];
const apiSchema = (): string => clientSdl(readFileSync("supergraph.graphql", "utf8"));

/** Typed resolvers for each subgraph that has an SDL, typed documents for each client room that has operations. */
const config: CodegenConfig = {
  importExtension: ".ts",
  generates: Object.fromEntries<Output>([
    ...subgraphs.map((name): [string, Output] => [`subgraphs/${name}/src/generated/resolvers.ts`, resolverTypes(name)]),
    ...clients.map(({ documents, output }): [string, Output] => [output, clientDocuments(documents, apiSchema())]),
  ]),
};

export default config;
