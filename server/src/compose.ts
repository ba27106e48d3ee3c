import { existsSync, readFileSync } from "node:fs";
import {
  composeSupergraph,
  keptSupergraph,
  readSubgraphSdls,
  readSupergraphFile,
  type SubgraphSource,
} from "@tessera/gateway/composition";
import { places } from "./places.ts";

/** The supergraph as composed at start from supergraph.yaml and the rooms' SDL, with the subgraphs' addresses. */
export interface ComposedGraph {
  readonly supergraphSdl: string;
  readonly sources: readonly SubgraphSource[];
}

/** Where the subgraphs are by default, and where their SDL lies. */
export const subgraphSources = (): readonly SubgraphSource[] => readSupergraphFile(places.supergraphFile);

/** The graph of the rooms' SDL: the kept one when it was composed of just these, else composed now. Throws CompositionError with every reason it can't be. */
export const composeGraph = (): ComposedGraph => {
  const sources = subgraphSources();
  const subgraphs = readSubgraphSdls(sources);
  const kept = existsSync(places.supergraphSdl)
    ? keptSupergraph(subgraphs, readFileSync(places.supergraphSdl, "utf8"))
    : null;
  return { supergraphSdl: kept ?? composeSupergraph(subgraphs).supergraphSdl, sources };
};
