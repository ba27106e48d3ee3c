import type { MutationResolvers, QueryResolvers, SubscriptionResolvers } from "../../generated/resolvers.ts";
import { underField } from "../under-field.ts";
import { toConnection } from "../views.ts";
import { incidentOfReference } from "./incident-reference.ts";
import {
  toChangeResult,
  toConnectResult,
  toDisconnectResult,
  toMetrics,
  toSetPoliciesResult,
} from "./incident-views.ts";

/** Root queries about incidents. */
export const incidentQueries = {
  incident: (_root, { id }, context) => incidentOfReference(id, context),
  incidents: (_root, asked, { caller, operations }) => operations.listIncidents(caller, asked).then(toConnection),
  incidentPolicies: (_root, _arguments, { caller, operations }) => operations.incidentPolicies(caller),
  incidentMetrics: (_root, asked, { caller, operations }) => operations.incidentMetrics(caller, asked).then(toMetrics),
} satisfies QueryResolvers;

/** Root mutations about incidents. */
export const incidentMutations = {
  declareIncident: (_root, { input }, { caller, operations }) =>
    operations.declareIncident(caller, input).then((incident) => ({ incident })),
  acknowledgeIncident: (_root, { id, note }, { caller, operations }) =>
    operations.acknowledgeIncident(caller, id, note).then(toChangeResult),
  resolveIncident: (_root, { id, note }, { caller, operations }) =>
    operations.resolveIncident(caller, id, note).then(toChangeResult),
  reopenIncident: (_root, { id, reason }, { caller, operations }) =>
    operations.reopenIncident(caller, id, reason).then(toChangeResult),
  updateIncident: (_root, { id, input }, { caller, operations }) =>
    operations.updateIncident(caller, id, input).then(toChangeResult),
  noteIncident: (_root, { id, text }, { caller, operations }) =>
    operations.noteIncident(caller, id, text).then(toChangeResult),
  assignIncidentRole: (_root, { id, input }, { caller, operations }) =>
    operations.assignIncidentRole(caller, id, input).then(toChangeResult),
  linkIncidents: (_root, { id, other, reason }, { caller, operations }) =>
    operations.linkIncidents(caller, id, other, reason).then(toChangeResult),
  connectChannel: (_root, { id, secret }, { caller, operations }) =>
    operations.connectChannel(caller, id, secret).then(toConnectResult),
  disconnectChannel: (_root, { id }, { caller, operations }) =>
    operations.disconnectChannel(caller, id).then((done) => toDisconnectResult(id, done)),
  receiveProviderEvent: (_root, { endpoint, signatures, body }, { operations }) =>
    operations.receiveProviderEvent(endpoint, signatures, body),
  setIncidentPolicies: (_root, { version, policies }, { caller, operations }) =>
    operations.setIncidentPolicies(caller, version, policies).then(toSetPoliciesResult),
} satisfies MutationResolvers;

/** Root subscriptions about incidents; none has a `resolve`, so that permissions are asked when it begins. */
export const incidentSubscriptions = {
  incidents: {
    subscribe: (_root, { after, ...filter }, { caller, operations }) =>
      operations.followIncidents(caller, after, filter).then((source) => underField("incidents", source)),
  },
} satisfies SubscriptionResolvers;
