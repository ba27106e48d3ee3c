/** Names of all subgraphs, as supergraph.yaml has them. */
export const SUBGRAPH_NAMES = ["analytics", "anomaly", "ml", "governance", "tenant"] as const;

/** Name of a subgraph. */
export type SubgraphName = (typeof SUBGRAPH_NAMES)[number];

/** True when the text names a subgraph. */
export const isSubgraphName = (text: string): text is SubgraphName => SUBGRAPH_NAMES.some((name) => name === text);
