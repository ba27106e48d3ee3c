// Writes supergraph.graphql from supergraph.yaml. With --existing, subgraphs whose SDL is not written yet are left out.
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  composeSupergraph,
  CompositionError,
  keptText,
  readSubgraphSdls,
  readSupergraphFile,
} from "../gateway/src/composition.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  const named = readSupergraphFile(join(root, "supergraph.yaml"));
  const sources = process.argv.includes("--existing") ? named.filter(({ sdlPath }) => existsSync(sdlPath)) : named;
  const subgraphs = readSubgraphSdls(sources);
  const { supergraphSdl, hints } = composeSupergraph(subgraphs);
  writeFileSync(join(root, "supergraph.graphql"), keptText(subgraphs, supergraphSdl));
  for (const hint of hints) console.log(hint);
  console.log(`Composed ${sources.map(({ name }) => name).join(", ")} into supergraph.graphql.`);
} catch (error) {
  if (!(error instanceof CompositionError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
