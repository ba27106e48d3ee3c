import { readFileSync } from "node:fs";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context } from "./context.ts";
import { FEEDBACK_BOUNDS } from "./domain/bounds.ts";
import { recommendations } from "./operations/recommendations.ts";
import { permissions } from "./permissions.ts";
import { Query } from "./resolvers/query.ts";
import { Recommendations } from "./resolvers/recommendations.ts";
import { createFeedbackStore } from "./store/feedback-store.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

/** Builds the machine learning subgraph: recommendations computed from the event store when they are asked for. */
export const createMlSubgraph = ({ eventStore, nowMs, logger }: Resources): Subgraph => {
  const feedback = createFeedbackStore(eventStore, FEEDBACK_BOUNDS);
  const operations = { recommendations: recommendations({ feedback, bounds: FEEDBACK_BOUNDS, nowMs }) };
  return buildSubgraph<Context>({
    name: "ml",
    sdl,
    resolvers: { Query, Recommendations },
    permissions,
    contextFor: ({ caller, signal }) => ({ caller, ...(signal === undefined ? {} : { signal }), operations }),
    logger,
  });
};
