import { readFileSync } from "node:fs";
import DataLoader from "dataloader";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context } from "./context.ts";
import { createTraceLineage, MAX_EVENTS_PER_TRACE } from "./operations/trace-lineage.ts";
import { permissions } from "./permissions.ts";
import { Event } from "./resolvers/event.ts";
import { EventLineage, LineageBatch } from "./resolvers/event-lineage.ts";
import { Query } from "./resolvers/query.ts";
import { createLineageStore } from "./store/lineage-store.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

/** Builds the governance room: the lineage of events. */
export const createGovernanceSubgraph = ({ eventStore, nowMs, logger }: Resources): Subgraph => {
  const traceLineage = createTraceLineage({ store: createLineageStore(eventStore), nowMs });
  return buildSubgraph<Context>({
    name: "governance",
    sdl,
    resolvers: { Query, Event, EventLineage, LineageBatch },
    permissions,
    contextFor: ({ caller, signal }) => ({
      caller,
      loaders: {
        lineage: new DataLoader((ids) => traceLineage(caller.tenantId, ids, signal), {
          maxBatchSize: MAX_EVENTS_PER_TRACE,
        }),
      },
    }),
    logger,
  });
};
