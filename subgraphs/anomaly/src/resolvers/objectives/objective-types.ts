import type {
  ObjectiveBurnRateResolvers,
  ObjectiveForecastResolvers,
  ObjectiveGroupStatusResolvers,
  ObjectiveProvenanceResolvers,
  ObjectiveResolvers,
  ObjectiveStatusResolvers,
} from "../../generated/resolvers.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";
import { objectiveOfReference, toIndicator } from "./objective-views.ts";

/** Anomalies of an objective that are told, the newest. */
const MAX_ANOMALIES = 50;
const MINUTES_OF_HOUR = 60;

const Objective: ObjectiveResolvers = {
  __resolveReference: ({ id }, context) => objectiveOfReference(id, context),
  tenant: (_objective, _arguments, { caller }) => ({ id: caller.tenantId }),
  name: ({ definition }) => definition.name,
  description: ({ definition }) => definition.description,
  owner: ({ definition }) => definition.owner,
  indicator: ({ definition }) => toIndicator(definition.indicator),
  percent: ({ definition }) => definition.percent,
  window: ({ definition }) => definition.window,
  timeZone: ({ definition }) => definition.timeZone,
  groupBy: ({ definition }) => definition.groupBy,
  maxGroups: ({ definition }) => definition.maxGroups,
  status: (saved, _arguments, { caller, operations, signal }) => operations.objectiveStatus(caller, saved, signal),
  groups: (saved, _arguments, { caller, operations, signal }) => operations.objectiveGroups(caller, saved, signal),
  rules: async ({ id }, _arguments, { loaders, objectives }) => {
    const rules = await loaders.rule.loadMany([...(await objectives.rulesOf.load(id))]);
    return rules.flatMap((rule) => (rule === null || rule instanceof Error ? [] : [rule]));
  },
  anomalies: ({ id }, _arguments, { objectives }) => objectives.anomaliesOf(id, MAX_ANOMALIES),
  incidents: async ({ id }, _arguments, { objectives, incidents }) => {
    const anomalies = await objectives.anomaliesOf(id, MAX_ANOMALIES);
    const found = await incidents.ofAnomaly.loadMany(anomalies.map((anomaly) => anomaly.id));
    const known = found.flatMap((one) => (one === null || one instanceof Error ? [] : [one]));
    return [...new Map(known.map((incident) => [incident.id, incident])).values()].toSorted(
      (one, other) => other.number - one.number,
    );
  },
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  changedAt: ({ changedAtMs }) => toDateTime(changedAtMs),
};

const ObjectiveStatus: ObjectiveStatusResolvers = {
  from: ({ fromMs }) => toDateTime(fromMs),
  to: ({ untilMs }) => toDateTime(untilMs),
  good: ({ total, bad }) => total - bad,
  met: ({ budget }) => budget.kept,
};

const ObjectiveBurnRate: ObjectiveBurnRateResolvers = {
  window: ({ hours }) => (hours < 1 ? `PT${Math.round(hours * MINUTES_OF_HOUR)}M` : `PT${hours}H`),
  from: ({ fromMs }) => toDateTime(fromMs),
};

const ObjectiveForecast: ObjectiveForecastResolvers = { at: ({ atMs }) => toDateTimeOrNull(atMs) };

const ObjectiveProvenance: ObjectiveProvenanceResolvers = {
  asOf: ({ asOfMs }) => toDateTime(asOfMs),
  tables: ({ tables }) => [...tables],
};

const ObjectiveGroupStatus: ObjectiveGroupStatusResolvers = { status: (one) => one };

/** Resolvers of the types about service level objectives. */
export const objectiveTypes = {
  ...{ Objective, ObjectiveStatus, ObjectiveBurnRate, ObjectiveForecast, ObjectiveProvenance, ObjectiveGroupStatus },
};
