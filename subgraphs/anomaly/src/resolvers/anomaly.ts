import { episodeOf } from "../domain/rules/change-asked.ts";
import type { AnomalyResolvers } from "../generated/resolvers.ts";
import { anomalyOfReference, changeOfAnomaly, ruleOfAnomaly } from "./entities.ts";
import { toAcknowledgement, toBucket, toDateTime, toEvidence, toResolution, toTransition } from "./views.ts";

/** Resolvers of `Anomaly`. */
export const Anomaly: AnomalyResolvers = {
  __resolveReference: ({ id }, context) => anomalyOfReference(id, context),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  rule: (anomaly, _arguments, context) => ruleOfAnomaly(anomaly, context),
  evidence: (anomaly) => toEvidence(anomaly),
  raisedAt: ({ raisedAtMs }) => toDateTime(raisedAtMs),
  lastSeenAt: ({ lastSeenAtMs }) => toDateTime(lastSeenAtMs),
  transitions: ({ id }, _arguments, { loaders }) =>
    loaders.stepsOfAnomaly.load(id).then((all) => all.map(toTransition)),
  change: (anomaly, _arguments, context) => changeOfAnomaly(anomaly, anomaly.evidence.window, context),
  episode: (anomaly, _arguments, context) => changeOfAnomaly(anomaly, episodeOf(anomaly), context),
  series: (anomaly, _arguments, { loaders }) => loaders.bucketsOf(anomaly).then((all) => all.map(toBucket)),
  acknowledgement: (anomaly) => toAcknowledgement(anomaly),
  resolution: (anomaly) => toResolution(anomaly),
  feedback: ({ id }, _arguments, { loaders }) => loaders.feedbackOfAnomaly.load(id).then((history) => ({ history })),
};
