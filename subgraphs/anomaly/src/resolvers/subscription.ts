import type { SubscriptionResolvers } from "../generated/resolvers.ts";
import { underField } from "./under-field.ts";

/** Resolvers of the root subscriptions; none has a `resolve`, so that permissions are asked when it begins. */
export const Subscription: SubscriptionResolvers = {
  anomalies: {
    subscribe: (_root, { after }, { caller, operations }) =>
      operations.followAnomalies(caller, after).then((source) => underField("anomalies", source)),
  },
};
