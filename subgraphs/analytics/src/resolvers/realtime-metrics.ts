import { MAX_TOP_NAMES } from "../domain/realtime.ts";
import { parseCount } from "../domain/query.ts";
import type { RealtimeMetricsResolvers } from "../generated/resolvers.ts";

/** Resolvers of `RealtimeMetrics`. */
export const RealtimeMetrics: RealtimeMetricsResolvers = {
  topNames: ({ names }, { first }) => names.slice(0, parseCount(first, "first", MAX_TOP_NAMES)),
};
