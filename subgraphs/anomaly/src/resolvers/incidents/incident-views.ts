import type { SetPolicies } from "../../domain/incidents/incident-policy.ts";
import type { IncidentMetrics as Metrics, Spent } from "../../domain/incidents/incident-metrics.ts";
import type {
  ChannelInbound,
  IncidentMetrics,
  IncidentTimeSpent,
  ResolversTypes,
  ResolversUnionTypes,
} from "../../generated/resolvers.ts";
import type { ChangedIncident } from "../../operations/incidents/change-incident.ts";
import type { Inbound } from "../../domain/incidents/inbound.ts";
import type { ConnectedChannel } from "../../operations/incidents/provider-inbound.ts";
import { toDateTimeOrNull } from "../views.ts";

type Results = ResolversUnionTypes<ResolversTypes>;

/** What became of what was asked of an incident, as callers see it. */
export const toChangeResult = (outcome: ChangedIncident): Results["ChangeIncidentResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "IncidentSaved", incident: outcome.incident };
    case "REFUSED":
      return { __typename: "IncidentStepRefused", incident: outcome.incident };
    case "NOT_FOUND":
      return { __typename: "IncidentNotFound", id: outcome.id };
  }
};

/** What became of `setIncidentPolicies`, as callers see it. */
export const toSetPoliciesResult = ({ kind, saved }: SetPolicies): Results["SetIncidentPoliciesResult"] =>
  kind === "SAVED"
    ? { __typename: "IncidentPoliciesSaved", policies: saved }
    : { __typename: "IncidentPoliciesChangedMeanwhile", policies: saved };

/** What became of `connectChannel`, as callers see it. */
export const toConnectResult = (outcome: ConnectedChannel): Results["ConnectChannelResult"] => {
  switch (outcome.kind) {
    case "CONNECTED":
      return { __typename: "ChannelConnected", channel: outcome.channel };
    case "NOT_CONNECTABLE":
      return { __typename: "ChannelNotConnectable", channel: outcome.channel };
    case "NOT_FOUND":
      return { __typename: "ChannelNotFound", id: outcome.id };
  }
};

/** What became of `disconnectChannel`, as callers see it. */
export const toDisconnectResult = (id: string, done: boolean): Results["DisconnectChannelResult"] =>
  done ? { __typename: "ChannelDisconnected", id } : { __typename: "ChannelNotFound", id };

/** Where a channel's provider tells back, as callers see it; `endpoint` names the channel. */
export const toInbound = ({ endpoint, hasSecret, lastEventAtMs }: Inbound): ChannelInbound => ({
  ...{ path: `/api/v2/incidents/inbound/pagerduty/${endpoint}`, hasSecret },
  lastEventAt: toDateTimeOrNull(lastEventAtMs),
});

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);

const toSpent = ({ count, waiting, meanMs, medianMs, atLeastMs }: Spent): IncidentTimeSpent => ({
  ...{ count, waiting, meanSeconds: seconds(meanMs), medianSeconds: seconds(medianMs) },
  atLeastSeconds: seconds(atLeastMs),
});

/** What incidents tell of how it went, as callers see it. */
export const toMetrics = (metrics: Metrics): IncidentMetrics => {
  const { toDetect, toAcknowledge, toResolve, betweenFailuresMs, ...same } = metrics;
  return {
    ...{ ...same, toDetect: toSpent(toDetect), toAcknowledge: toSpent(toAcknowledge), toResolve: toSpent(toResolve) },
    secondsBetweenFailures: seconds(betweenFailuresMs),
  };
};
