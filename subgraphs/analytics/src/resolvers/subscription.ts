import type { SubscriptionResolvers } from "../generated/resolvers.ts";
import { mapLive } from "@tessera/platform/runtime/live-iterator";

/** Resolvers of `Subscription`; without `resolve`, so that permission is asked for once, at the start. */
export const Subscription: SubscriptionResolvers = {
  realtimeMetrics: {
    subscribe: async (_root, { timeframe, after }, { caller, operations, meaning }) =>
      mapLive(
        await operations.watchRealtimeMetrics(caller, timeframe, after ?? null),
        (realtimeMetrics) => ({ realtimeMetrics }),
        meaning,
      ),
  },
  events: {
    subscribe: async (_root, { after, ...asked }, { caller, operations, meaning }) =>
      mapLive(await operations.watchEvents(caller, asked, after ?? null), (events) => ({ events }), meaning),
  },
  dashboardChanged: {
    subscribe: (_root, { id, after }, { caller, operations, meaning }) =>
      mapLive(
        operations.watchDashboard(caller, id, after ?? null),
        (dashboardChanged) => ({ dashboardChanged }),
        meaning,
      ),
  },
  dashboardLive: {
    subscribe: (_root, input, { caller, operations, meaning }) =>
      mapLive(operations.watchLiveDashboard(caller, input), (dashboardLive) => ({ dashboardLive }), meaning),
  },
  dashboardPresence: {
    subscribe: (_root, { id, state, widgetId }, { caller, operations, meaning }) =>
      mapLive(
        operations.watchDashboardPresence(caller, id, { state, widgetId }),
        (dashboardPresence) => ({ dashboardPresence }),
        meaning,
      ),
  },
  dashboardCommented: {
    subscribe: (_root, { id, after }, { caller, operations, meaning }) =>
      mapLive(
        operations.watchDashboardComments(caller, id, after ?? null),
        (dashboardCommented) => ({ dashboardCommented }),
        meaning,
      ),
  },
  reportChanged: {
    subscribe: (_root, { id, after }, { caller, operations, meaning }) =>
      mapLive(operations.watchReport(caller, id, after ?? null), (reportChanged) => ({ reportChanged }), meaning),
  },
  job: {
    subscribe: (_root, { id, after }, { caller, operations, meaning }) =>
      mapLive(operations.followJob(caller, id, after ?? null), (job) => ({ job }), meaning),
  },
  correlationMatches: {
    subscribe: async (_root, { rule, after }, { caller, operations, meaning }) =>
      mapLive(
        await operations.watchCorrelationMatches(caller, rule, after ?? null),
        (correlationMatches) => ({ correlationMatches }),
        meaning,
      ),
  },
  liveWindows: {
    subscribe: async (_root, { input, after }, { caller, operations, meaning }) =>
      mapLive(
        await operations.watchLiveWindows(caller, input, after ?? null),
        (liveWindows) => ({ liveWindows }),
        meaning,
      ),
  },
};
