import type { MutationResolvers } from "../generated/resolvers.ts";

/** Budgets of rate limits, for other processes of the platform. */
export const RateBudgetMutation: MutationResolvers = {
  leaseRateBudgets: (_root, { claims }, { operations }) => operations.rateBudgets.lease(claims),
  adjustRateBudgets: (_root, { adjustments }, { operations }) => operations.rateBudgets.adjust(adjustments),
};
