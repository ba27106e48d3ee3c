import { readFileSync } from "node:fs";
import type { IngestPort } from "@tessera/contracts/ingest";
import { meaningfulGraphQLError } from "@tessera/platform/graphql/error-meaning";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { contextFor } from "./context.ts";
import { createOperations } from "./operations/operations.ts";
import { permissions } from "./permissions.ts";
import { resolvers } from "./resolvers/resolvers.ts";
import { createAnalyticsStore } from "./store/analytics-store.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

/** Builds the analytics subgraph: events, every number computed from them, and their live streams. */
export const createAnalyticsSubgraph = (resources: Resources, ports: { ingest: IngestPort }): Subgraph => {
  const { eventStore, eventLog, nowMs, logger } = resources;
  const operations = createOperations({
    store: createAnalyticsStore(eventStore),
    eventLog,
    ingest: ports.ingest,
    nowMs,
  });
  return buildSubgraph({
    name: "analytics",
    sdl,
    resolvers,
    permissions,
    contextFor: contextFor(operations, (error) => meaningfulGraphQLError(error, logger, "Subscription")),
    logger,
  });
};
