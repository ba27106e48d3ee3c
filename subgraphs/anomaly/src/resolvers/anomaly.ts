import type { AnomalyResolvers } from "../generated/resolvers.ts";
import { explainedAnomaly } from "./explain/explain-resolvers.ts";
import { anomalyOfReference, ruleOfAnomaly, watchOfAnomaly } from "./entities.ts";
import { objectiveOfRule } from "./objectives/objective-views.ts";
import { toAcknowledgement, toDateTime, toEvidence, toResolution, toTransition } from "./views.ts";

/** Resolvers of `Anomaly`. */
export const Anomaly: AnomalyResolvers = {
  __resolveReference: ({ id }, context) => anomalyOfReference(id, context),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  rule: (anomaly, _arguments, context) => ruleOfAnomaly(anomaly, context),
  objective: async (anomaly, _arguments, context) =>
    objectiveOfRule({ watch: await watchOfAnomaly(anomaly, context) }, context),
  evidence: (anomaly) => toEvidence(anomaly),
  raisedAt: ({ raisedAtMs }) => toDateTime(raisedAtMs),
  lastSeenAt: ({ lastSeenAtMs }) => toDateTime(lastSeenAtMs),
  transitions: ({ id }, _arguments, { loaders }) =>
    loaders.stepsOfAnomaly.load(id).then((all) => all.map(toTransition)),
  ...explainedAnomaly,
  incident: ({ id }, _arguments, { incidents }) => incidents.ofAnomaly.load(id),
  acknowledgement: (anomaly) => toAcknowledgement(anomaly),
  resolution: (anomaly) => toResolution(anomaly),
  feedback: ({ id }, _arguments, { loaders }) => loaders.feedbackOfAnomaly.load(id).then((history) => ({ history })),
};
