import type { AnomalyResolvers } from "../generated/resolvers.ts";
import { anomalyOfReference, ruleOfAnomaly } from "./entities.ts";
import { toAcknowledgement, toDateTime, toEvidence, toResolution } from "./views.ts";

/** Resolvers of `Anomaly`. */
export const Anomaly: AnomalyResolvers = {
  __resolveReference: ({ id }, context) => anomalyOfReference(id, context),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  rule: (anomaly, _arguments, context) => ruleOfAnomaly(anomaly, context),
  state: ({ standing }) => standing.state,
  evidence: (anomaly) => toEvidence(anomaly),
  raisedAt: ({ raisedAtMs }) => toDateTime(raisedAtMs),
  lastSeenAt: ({ lastSeenAtMs }) => toDateTime(lastSeenAtMs),
  acknowledgement: (anomaly) => toAcknowledgement(anomaly),
  resolution: (anomaly) => toResolution(anomaly),
};
