import type { SubscriptionResolvers } from "../generated/resolvers.ts";
import { underField } from "./under-field.ts";

/** Resolvers of the root subscriptions; none has a `resolve`, so that permissions are asked when it begins. */
export const Subscription: SubscriptionResolvers = {
  anomalies: {
    subscribe: (_root, { after, filter }, { caller, operations }) =>
      operations.followAnomalies(caller, after, filter).then((source) => underField("anomalies", source)),
  },
  alerts: {
    subscribe: (_root, { after, filter }, { caller, operations }) =>
      operations.followAlerts(caller, after, filter).then((source) => underField("alerts", source)),
  },
  alertState: {
    subscribe: (_root, { rule, after }, { caller, operations }) =>
      operations.followAlertState(caller, rule, after).then((source) => underField("alertState", source)),
  },
};
