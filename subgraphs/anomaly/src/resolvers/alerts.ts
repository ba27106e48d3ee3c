import type { RuleId } from "@tessera/contracts/ids";
import type { Rule } from "../domain/rule.ts";
import type {
  AlertChangedEventResolvers,
  AlertSeriesResolvers,
  RuleAlertsEventResolvers,
} from "../generated/resolvers.ts";
import type { Loaders } from "../loaders.ts";
import { toDateTime, toTransition } from "./views.ts";

const ruleOf = async (ruleId: RuleId, loaders: Loaders): Promise<Rule> => {
  const rule = await loaders.rule.load(ruleId);
  if (rule === null) throw new Error("The event log tells of an alert of a rule that does not exist.");
  return rule;
};

const AlertSeries: AlertSeriesResolvers = {
  since: ({ sinceMs }) => toDateTime(sinceMs),
  anomaly: ({ anomalyId }, _arguments, { loaders }) => (anomalyId === null ? null : loaders.anomaly.load(anomalyId)),
};

const AlertChangedEvent: AlertChangedEventResolvers = {
  rule: ({ ruleId }, _arguments, { loaders }) => ruleOf(ruleId, loaders),
  transition: ({ transition }) => toTransition(transition),
  labels: ({ labels }) => Object.entries(labels).map(([name, value]) => ({ name, value })),
};

const RuleAlertsEvent: RuleAlertsEventResolvers = {
  rule: ({ ruleId }, _arguments, { loaders }) => ruleOf(ruleId, loaders),
  transition: ({ transition }) => (transition === null ? null : toTransition(transition)),
};

/** Resolvers of where alerts stand, as subscriptions tell it. */
export const alertTypes = { AlertSeries, AlertChangedEvent, RuleAlertsEvent };
