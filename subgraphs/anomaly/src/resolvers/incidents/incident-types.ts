import { policyDefinitionOf } from "../../domain/incidents/incident-policy.ts";
import type {
  IncidentAlertResolvers,
  IncidentChangedEventResolvers,
  IncidentEntryResolvers,
  IncidentLinkResolvers,
  IncidentPoliciesResolvers,
  IncidentPolicyResolvers,
  IncidentResolvers,
  IncidentRoleHolderResolvers,
} from "../../generated/resolvers.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";
import { incidentOfReference } from "./incident-reference.ts";

const Incident: IncidentResolvers = {
  __resolveReference: ({ id }, context) => incidentOfReference(id, context),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  labels: ({ labels }) => Object.entries(labels).map(([name, value]) => ({ name, value })),
  beganAt: ({ beganAtMs }) => toDateTime(beganAtMs),
  openedAt: ({ openedAtMs }) => toDateTime(openedAtMs),
  acknowledgedAt: ({ acknowledgedAtMs }) => toDateTimeOrNull(acknowledgedAtMs),
  mitigatedAt: ({ mitigatedAtMs }) => toDateTimeOrNull(mitigatedAtMs),
  resolvedAt: ({ resolvedAtMs }) => toDateTimeOrNull(resolvedAtMs),
  closedAt: ({ closedAtMs }) => toDateTimeOrNull(closedAtMs),
  alerts: ({ id }, _arguments, { incidents }) => incidents.signs.load(id),
  timeline: ({ id }, _arguments, { incidents }) => incidents.entries.load(id),
  droppedEntries: ({ dropped }) => dropped,
  links: ({ id }, _arguments, { incidents }) => incidents.links.load(id),
  postmortem: (incident, _arguments, { incidents, loaders }) =>
    incidents.postmortem(incident, (id) => loaders.anomaly.load(id)),
};

const IncidentRoleHolder: IncidentRoleHolderResolvers = { at: ({ atMs }) => toDateTime(atMs) };

const IncidentAlert: IncidentAlertResolvers = {
  anomaly: ({ anomalyId }, _arguments, { loaders }) => loaders.anomaly.load(anomalyId),
  open: ({ state }) => state === "OPEN",
  explained: ({ inhibited }) => inhibited,
  firedAt: ({ firedAtMs }) => toDateTime(firedAtMs),
  overAt: ({ overAtMs }) => toDateTimeOrNull(overAtMs),
  remotes: ({ anomalyId }, _arguments, { incidents }) => incidents.remotes.load(anomalyId),
};

const IncidentEntry: IncidentEntryResolvers = { at: ({ atMs }) => toDateTime(atMs) };

const IncidentLink: IncidentLinkResolvers = {
  incident: async ({ otherId }, _arguments, { incidents }) => {
    const other = await incidents.incident.load(otherId);
    if (other === null) throw new Error("A link names an incident that does not exist.");
    return other;
  },
  at: ({ atMs }) => toDateTime(atMs),
};

const IncidentPolicies: IncidentPoliciesResolvers = { changedAt: ({ changedAtMs }) => toDateTimeOrNull(changedAtMs) };

const IncidentPolicy: IncidentPolicyResolvers = {
  within: (policy) => policyDefinitionOf(policy).within,
  resolveAfter: (policy) => policyDefinitionOf(policy).resolveAfter,
  reopenWithin: (policy) => policyDefinitionOf(policy).reopenWithin,
};

const IncidentChangedEvent: IncidentChangedEventResolvers = { at: ({ atMs }) => toDateTime(atMs) };

/** Resolvers of the types about incidents. */
export const incidentTypes = {
  ...{ Incident, IncidentRoleHolder, IncidentAlert, IncidentEntry, IncidentLink },
  ...{ IncidentPolicies, IncidentPolicy, IncidentChangedEvent },
};
