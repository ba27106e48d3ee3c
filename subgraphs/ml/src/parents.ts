import type { RecommendationAnswer } from "./operations/recommendations.ts";

/** What resolvers of `Recommendations` receive. */
export type RecommendationsParent = RecommendationAnswer;
