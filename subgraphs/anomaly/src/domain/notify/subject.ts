import type { AlertChanged } from "@tessera/contracts/events/alert-changed";

/** What a message asks of a receiver that keeps incidents. */
export type Action = "TRIGGER" | "ACKNOWLEDGE" | "RESOLVE";

/** What a transition asks of a receiver. */
export const actionOf = ({ to }: Pick<AlertChanged, "to">): Action => {
  if (to === "RESOLVED" || to === "OK") return "RESOLVE";
  return to === "ACKNOWLEDGED" ? "ACKNOWLEDGE" : "TRIGGER";
};

/** What stands for an alert at receivers: its anomaly, so that the next one is new to them. */
export const subjectOf = ({ anomalyId, fingerprint }: Pick<AlertChanged, "anomalyId" | "fingerprint">): string =>
  anomalyId ?? fingerprint;

/** Of several transitions of an alert the newest, in the order in which alerts were first told of. */
export const newestOfEach = (alerts: readonly AlertChanged[]): readonly AlertChanged[] => {
  const newest = new Map<string, AlertChanged>();
  for (const alert of alerts) newest.set(subjectOf(alert), alert);
  return [...newest.values()];
};
