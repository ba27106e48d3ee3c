import { randomUUID } from "node:crypto";

interface OwnRule {
  readonly mark: string;
  readonly ruleId: string;
  readonly anomalyId: string;
}

const metric = {
  measure: "COUNT",
  window: "PT1H",
  filters: [{ field: "COUNTRY", operator: "NOT_IN", values: ["nowhere"] }],
};
const condition = { direction: "ABOVE", threshold: 0 };

/** Arguments for the root fields of rules and of what people do about anomalies, by coordinate. */
export const ruleExamples: Readonly<Record<string, (own: OwnRule) => Readonly<Record<string, unknown>>>> = {
  "Query.previewRule": () => ({ input: { metric, condition } }),
  "Mutation.createRule": ({ mark }) => ({
    input: {
      name: `${mark} ${randomUUID()}`,
      description: mark,
      metric: { ...metric, eventNames: [`${mark}-view`, `${mark}-live`] },
      condition,
    },
  }),
  "Mutation.updateRule": ({ ruleId, mark }) => ({ id: ruleId, input: { description: `${mark} changed` } }),
  "Subscription.alerts": () => ({}),
  "Subscription.alertState": ({ ruleId }) => ({ rule: ruleId }),
  "Mutation.deleteRule": ({ ruleId }) => ({ id: ruleId }),
  "Mutation.acknowledgeAnomaly": ({ anomalyId, mark }) => ({ id: anomalyId, note: mark }),
  "Mutation.snoozeAnomaly": ({ anomalyId }) => ({ id: anomalyId }),
  "Mutation.giveAnomalyFeedback": ({ anomalyId, mark }) => ({ id: anomalyId, input: { verdict: "TRUE", note: mark } }),
  "Mutation.withdrawAnomalyFeedback": ({ anomalyId }) => ({ id: anomalyId }),
  "Mutation.markCauseDone": ({ mark }) => ({ cause: mark }),
  "Mutation.resolveAnomaly": ({ anomalyId, mark }) => ({ id: anomalyId, note: mark }),
};
