import type { QueryResolvers } from "../generated/resolvers.ts";
import { withDetector } from "./detector-input.ts";
import { anomalyOfReference } from "./entities.ts";
import { toSimulation } from "./simulation-view.ts";
import { toConnection, toEvaluation } from "./views.ts";

/** Resolvers of the root queries. */
export const Query: QueryResolvers = {
  rule: (_root, { id }, { caller, operations }) => operations.findRule(caller, id),
  rules: (_root, asked, { caller, operations }) => operations.listRules(caller, asked).then(toConnection),
  anomaly: (_root, { id }, context) => anomalyOfReference(id, context),
  anomalies: (_root, asked, { caller, operations }) => operations.listAnomalies(caller, asked).then(toConnection),
  simulateRule: (_root, { change = null, draft = null, ...asked }, { caller, operations }) =>
    operations
      .simulateRule(caller, {
        ...asked,
        change: change === null ? null : withDetector(change),
        draft: draft === null ? null : withDetector(draft),
      })
      .then(toSimulation),
  previewRule: (_root, { input }, { caller, operations, signal }) =>
    operations.previewRule(caller, input, signal).then(toEvaluation),
};
