import { Type } from "typebox";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { funnelAnswerSchema } from "./answer.ts";
import { funnelQuestionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });

/** POST /api/v2/analytics/funnel/analyze. */
export const funnelAnalyzeDescription = {
  method: "post",
  path: "/api/v2/analytics/funnel/analyze",
  operationId: "analyzeFunnel",
  tag: "Analytics",
  summary: "How far units get through a sequence of steps",
  graphql: "Query.funnel",
  query,
  body: funnelQuestionSchema,
  answers: { 200: { description: "The funnel, with the parts that were asked for.", schema: funnelAnswerSchema } },
  refusals: BEHAVIOUR_REFUSALS,
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof funnelQuestionSchema>;
