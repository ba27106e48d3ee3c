import {
  composeSupergraph,
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

/** Composes the graph in process; throws CompositionError with every reason it can't be. */
export const composeGraph = (): ComposedGraph => {
  const sources = readSupergraphFile(places.supergraphFile);
  return { supergraphSdl: composeSupergraph(readSubgraphSdls(sources)).supergraphSdl, sources };
};
