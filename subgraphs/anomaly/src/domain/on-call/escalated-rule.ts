import { alertLabels } from "../silences/told-silences.ts";
import type { Rule } from "../rule.ts";
import type { SeriesGroup } from "../rules/series.ts";
import { escalationTimesOf } from "./escalation-policy.ts";
import type { ChooseEscalation } from "./escalation.ts";

/** A rule as it is for one of its series: by the delays of the escalation policy that is for its alert, else by its own. */
export const escalatedRule = (rule: Rule, group: SeriesGroup, choose: ChooseEscalation): Rule => {
  const chosen = choose(alertLabels({ labels: rule.labels, group, rule: rule.name }, ""));
  if (chosen === null) return rule;
  return { ...rule, alerting: { ...rule.alerting, escalation: escalationTimesOf(chosen.definition) } };
};
