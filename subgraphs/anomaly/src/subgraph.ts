import { readFileSync } from "node:fs";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context } from "./context.ts";
import { openCalendars } from "./open-calendars.ts";
import { openExplain } from "./open-explain.ts";
import { openIncidents } from "./open-incidents.ts";
import { openEscalation } from "./open-escalation.ts";
import { openNotify, type NotifyPorts } from "./open-notify.ts";
import { openRules, type RulesPorts } from "./open-rules.ts";
import { openObjectives } from "./open-objectives.ts";
import { openWebhooks, type WebhookPorts } from "./open-webhooks.ts";
import { openSilences } from "./open-silences.ts";
import { openTimes } from "./open-times.ts";
import { permissions, wholeTenantFields } from "./permissions.ts";
import { alertTypes } from "./resolvers/alerts.ts";
import { Anomaly } from "./resolvers/anomaly.ts";
import { calendarMutations, calendarQueries } from "./resolvers/calendars/calendar-roots.ts";
import { calendarTypes } from "./resolvers/calendars/calendar-types.ts";
import { explainMutations, explainQueries, explainTypes } from "./resolvers/explain/explain-resolvers.ts";
import { feedbackMutations, feedbackTypes } from "./resolvers/feedback/feedback-resolvers.ts";
import { incidentMutations, incidentQueries, incidentSubscriptions } from "./resolvers/incidents/incident-roots.ts";
import { incidentTypes } from "./resolvers/incidents/incident-types.ts";
import { Mutation } from "./resolvers/mutation.ts";
import { objectiveMutations, objectiveQueries } from "./resolvers/objectives/objective-roots.ts";
import { objectiveTypes } from "./resolvers/objectives/objective-types.ts";
import { notifyMutations, notifyQueries, notifySubscriptions } from "./resolvers/notify/notify-roots.ts";
import { notifyTypes } from "./resolvers/notify/notify-types.ts";
import { escalationMutations, escalationQueries, escalationTypes } from "./resolvers/on-call/escalation-resolvers.ts";
import { Query } from "./resolvers/query.ts";
import { Rule } from "./resolvers/rule.ts";
import { silenceMutations, silenceQueries } from "./resolvers/silences/silence-roots.ts";
import { silenceTypes } from "./resolvers/silences/silence-types.ts";
import { Subscription } from "./resolvers/subscription.ts";
import { webhookMutations, webhookQueries } from "./resolvers/webhooks/webhook-roots.ts";
import { webhookTypes } from "./resolvers/webhooks/webhook-types.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

/** What this room needs of others. */
export type AnomalyPorts = NotifyPorts & RulesPorts & WebhookPorts;

const resolvers = {
  Query: {
    ...Query,
    ...incidentQueries,
    ...calendarQueries,
    ...objectiveQueries,
    ...explainQueries,
    ...notifyQueries,
    ...webhookQueries,
    ...silenceQueries,
    ...escalationQueries,
  },
  Mutation: {
    ...Mutation,
    ...incidentMutations,
    ...calendarMutations,
    ...objectiveMutations,
    ...explainMutations,
    ...notifyMutations,
    ...webhookMutations,
    ...silenceMutations,
    ...feedbackMutations,
    ...escalationMutations,
  },
  Subscription: { ...Subscription, ...incidentSubscriptions, ...notifySubscriptions },
  ...{
    Rule,
    Anomaly,
    ...alertTypes,
    ...incidentTypes,
    ...calendarTypes,
    ...objectiveTypes,
    ...explainTypes,
    ...notifyTypes,
    ...webhookTypes,
    ...silenceTypes,
    ...feedbackTypes,
    ...escalationTypes,
  },
};

/** Builds the anomaly subgraph: rules, anomalies, how people are told of them, and what is done about both for the worker role. */
export const createAnomalySubgraph = (resources: Resources, ports: AnomalyPorts): Subgraph => {
  const { logger } = resources;
  const rules = openRules(resources, ports);
  const explain = openExplain(resources);
  const pictures = { loaders: rules.loaders, draw: explain.drawAnomaly };
  const [notify, escalation] = [openNotify(resources, { ...ports, pictures }), openEscalation(resources)];
  const [silences, calendars] = [openSilences(resources), openCalendars(resources)];
  const [incidents, objectives] = [openIncidents(resources, ports), openObjectives(resources, ports)];
  const webhooks = openWebhooks(resources, ports);
  return buildSubgraph<Context>({
    name: "anomaly",
    sdl,
    resolvers,
    permissions,
    wholeTenantFields,
    contextFor: ({ caller, signal }) => ({
      caller,
      ...(signal === undefined ? {} : { signal }),
      loaders: rules.loaders(caller.tenantId),
      operations: {
        ...rules.operations,
        ...calendars,
        ...objectives.operations,
        ...explain,
        ...notify.operations,
        ...silences.operations,
        ...escalation.operations,
        ...incidents.operations,
      },
      incidents: incidents.loaders(caller.tenantId),
      objectives: objectives.loaders(caller.tenantId),
      webhooks: webhooks.callOf(caller),
    }),
    logger,
    background: [
      ...rules.background,
      ...escalation.background,
      ...notify.background,
      ...incidents.background,
      ...webhooks.background,
      ...openTimes(resources),
    ],
  });
};
