import { readFileSync } from "node:fs";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context } from "./context.ts";
import { metricCodec } from "./domain/metric-definition.ts";
import { createEvaluator } from "./jobs/evaluator.ts";
import { createLoaders } from "./loaders.ts";
import { createOperations } from "./operations.ts";
import { evaluateDueRules, MAX_CLAIMED_RULES } from "./operations/evaluate-due-rules.ts";
import { permissions, wholeTenantFields } from "./permissions.ts";
import { Anomaly } from "./resolvers/anomaly.ts";
import { Mutation } from "./resolvers/mutation.ts";
import { Query } from "./resolvers/query.ts";
import { Rule } from "./resolvers/rule.ts";
import { Subscription } from "./resolvers/subscription.ts";
import { createAnomalyStore } from "./store/anomaly-store.ts";
import { createEvaluationStore } from "./store/evaluation-store.ts";
import { createMetricStore } from "./store/metric-store.ts";
import { createRuleStore } from "./store/rule-store.ts";
import { createTenantModels } from "./store/tenant-models.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

/** Builds the anomaly subgraph: rules, anomalies, their subscription, and the evaluator for the worker role. */
export const createAnomalySubgraph = (resources: Resources): Subgraph => {
  const { sql, eventLog, eventStore, logger, nowMs, newId } = resources;
  const models = createTenantModels(resources.pool);
  const rules = createRuleStore({ sql, models, codec: metricCodec });
  const anomalies = createAnomalyStore({ sql, models });
  const metrics = createMetricStore(eventStore);
  const evaluations = createEvaluationStore({ sql, eventLog, codec: metricCodec });
  const operations = createOperations({ rules, anomalies, metrics, eventLog, nowMs, newId });
  const evaluateDue = evaluateDueRules({ evaluations, metrics, telemetry: resources.metrics, logger, nowMs, newId });
  return buildSubgraph<Context>({
    name: "anomaly",
    sdl,
    resolvers: { Query, Mutation, Subscription, Rule, Anomaly },
    permissions,
    wholeTenantFields,
    contextFor: ({ caller, signal }) => ({
      caller,
      ...(signal === undefined ? {} : { signal }),
      loaders: createLoaders({ rules, anomalies }, caller.tenantId),
      operations,
    }),
    logger,
    background: [createEvaluator({ evaluateDue, full: MAX_CLAIMED_RULES, logger })],
  });
};
