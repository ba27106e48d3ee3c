import { Type } from "typebox";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { sessionsAnswerSchema } from "./answer.ts";
import { sessionsQuestionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });

/** POST /api/v2/analytics/sessions/analyze. */
export const sessionsAnalyzeDescription = {
  method: "post",
  path: "/api/v2/analytics/sessions/analyze",
  operationId: "analyzeSessions",
  tag: "Analytics",
  summary: "Numbers over sessions, over time, by group and by page",
  graphql: "Query.sessionMetrics",
  query,
  body: sessionsQuestionSchema,
  answers: { 200: { description: "The numbers, with the parts that were asked for.", schema: sessionsAnswerSchema } },
  refusals: BEHAVIOUR_REFUSALS,
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof sessionsQuestionSchema>;
