import type { RecommendationProvenance, RecommendationsResolvers } from "../generated/resolvers.ts";
import type { Provenance } from "../operations/recommendations.ts";

const toProvenance = ({ fromMs, asOfMs, ...same }: Provenance): RecommendationProvenance => ({
  ...same,
  from: new Date(fromMs).toISOString(),
  asOf: new Date(asOfMs).toISOString(),
  table: "events",
});

/** Resolvers of `Recommendations`. */
export const Recommendations: RecommendationsResolvers = {
  tenant: ({ tenantId }) => ({ id: tenantId }),
  method: ({ fallbackReason }) => (fallbackReason === null ? "ITEM_COLLABORATIVE_FILTERING" : "POPULAR_ITEMS"),
  provenance: ({ provenance }) => toProvenance(provenance),
};
