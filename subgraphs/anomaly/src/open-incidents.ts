import type { TenantId } from "@tessera/contracts/ids";
import { randomBytes } from "node:crypto";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { dueAt } from "./domain/incidents/incident-machine.ts";
import { incidentPolicyCodec } from "./domain/incidents/incident-policy.ts";
import { INCIDENT_LIMITS } from "./domain/incidents/incident.ts";
import { onCallCodec } from "./domain/on-call/saved-schedule.ts";
import { whoIsOnCall } from "./domain/on-call/on-call-schedule.ts";
import { ruleCodec } from "./domain/rules/rule-codec.ts";
import { createSettleSeries } from "./domain/rules/settle-series.ts";
import {
  createIncidentClock,
  createIncidentForgetter,
  type KeepIncidentsDeps,
} from "./jobs/incidents/keep-incidents.ts";
import { declareIncident } from "./operations/incidents/declare-incident.ts";
import { createIncidentChanges } from "./operations/incidents/change-incident.ts";
import { followIncidents } from "./operations/incidents/follow-incidents.ts";
import { createIncidentLoaders, type IncidentLoaders } from "./operations/incidents/incident-call.ts";
import { createIncidentReads } from "./operations/incidents/read-incidents.ts";
import type { IncidentOperations } from "./operations/incidents/incident-operations.ts";
import { createIncidentFollower, type FollowIncidentsDeps } from "./reactions/incidents/follow-incidents-to-alerts.ts";
import { createIncidentOpener, incidentIds, type TakeAlertsDeps } from "./reactions/incidents/take-alerts.ts";
import { createTimelineTeller, type TellTimelinesDeps } from "./reactions/incidents/tell-timelines.ts";
import { createAnomalyStore } from "./store/anomaly-store.ts";
import { createOpenBookWithin } from "./store/incidents/book-store.ts";
import { createIncidentStore } from "./store/incidents/incident-store.ts";
import { createTellingsWithin } from "./store/incidents/telling-store.ts";
import { createPolicyCodec, createPolicyStore } from "./store/incidents/policy-store.ts";
import { parseAlertChanged } from "./store/notify/notify-rows.ts";
import { createTenantModels } from "./store/tenant-models.ts";
import { createChannelStore } from "./store/notify/channel-store.ts";
import { createInboundStore } from "./store/incidents/inbound-store.ts";
import { createInboundOperations } from "./operations/incidents/provider-inbound.ts";
import { CHANNEL_LIMITS } from "./domain/notify/channel.ts";
import { NO_ROUTES } from "./domain/notify/route.ts";
import { createOnCallStore } from "./store/on-call/on-call-store.ts";

/** Everything there is about incidents. */
export interface Incidents {
  readonly operations: IncidentOperations;
  readonly loaders: (tenantId: TenantId) => IncidentLoaders;
  /** What takes alerts, what writes down who was told, what follows incidents, and what passes time; for tests, which run them step by step. */
  readonly taking: TakeAlertsDeps;
  readonly writing: TellTimelinesDeps;
  readonly following: FollowIncidentsDeps;
  readonly keeping: KeepIncidentsDeps;
  readonly background: readonly Background[];
}

/** What incidents need of others. */
export interface IncidentPorts {
  /** Null where the operator has given none: no secret of a provider is kept then. */
  readonly keyRing: KeyRing | null;
}

/** Opens incidents, their policies, and what opens and ends them for the worker role. */
export const openIncidents = (resources: Resources, { keyRing }: IncidentPorts): Incidents => {
  const { sql, eventLog, logger, nowMs, newId } = resources;
  const codec = createPolicyCodec(incidentPolicyCodec);
  const incidents = createIncidentStore(sql);
  const bookWithin = createOpenBookWithin({ eventLog, codec, limits: INCIDENT_LIMITS, dueAt });
  const onCall = createOnCallStore({ sql, codec: onCallCodec });
  const onCallNow: TakeAlertsDeps["onCallNow"] = async (tenantId, scheduleId) => {
    const schedule = await onCall.find(tenantId, scheduleId, nowMs());
    const now = schedule === null ? null : whoIsOnCall(schedule.definition, schedule.overrides, nowMs());
    return now === null || now.kind === "NOBODY" ? null : now.personId;
  };
  const newIncidentId = incidentIds(newId);
  const changing = { sql, bookWithin, onCallNow, nowMs, newIncidentId };
  const tellingsWithin = createTellingsWithin(INCIDENT_LIMITS.tellings);
  const writing: TellTimelinesDeps = { sql, logger, bookWithin, tellingsWithin, nowMs, newId };
  const taking: TakeAlertsDeps = { ...writing, parseAlert: parseAlertChanged, onCallNow };
  const anomalies = createAnomalyStore({
    ...{ sql, eventLog, models: createTenantModels(resources.pool), codec: ruleCodec },
    settleSeries: createSettleSeries(newId),
  });
  const inbound = createInboundStore(sql);
  const channels = createChannelStore({ sql, nowMs, limits: CHANNEL_LIMITS, noRoutes: NO_ROUTES });
  const commanding = { commandAnomaly: anomalies.commandWithin, holdRuleOf: anomalies.holdRuleWithin };
  const receiving = { sql, inbound, channels, keyRing, ...commanding, nowMs, randomBytes };
  const following: FollowIncidentsDeps = { sql, logger, incidents, commandAnomaly: anomalies.command, nowMs };
  const keeping: KeepIncidentsDeps = { sql, incidents, bookWithin, newIncidentId, nowMs, logger };
  return {
    operations: {
      ...createIncidentChanges(changing),
      declareIncident: declareIncident(changing),
      ...createIncidentReads({ incidents, policies: createPolicyStore({ sql, codec }), nowMs }),
      ...createInboundOperations(receiving),
      followIncidents: followIncidents({ incidents, eventLog }),
    },
    loaders: (tenantId) => createIncidentLoaders({ incidents, inbound }, tenantId),
    ...{ taking, writing, following, keeping },
    background: [
      createIncidentOpener(taking),
      createTimelineTeller(writing),
      createIncidentFollower(following),
      createIncidentClock(keeping),
      createIncidentForgetter(keeping),
    ],
  };
};
