import { Type } from "typebox";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { attributionAnswerSchema } from "./answer.ts";
import { attributionQuestionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });

/** POST /api/v2/analytics/attribution/model. */
export const attributionModelDescription = {
  method: "post",
  path: "/api/v2/analytics/attribution/model",
  operationId: "modelAttribution",
  tag: "Analytics",
  summary: "Which touchpoints conversions are owed to, by several models",
  graphql: "Query.attribution",
  query,
  body: attributionQuestionSchema,
  answers: { 200: { description: "Credits, roles and paths by each dimension.", schema: attributionAnswerSchema } },
  refusals: [...BEHAVIOUR_REFUSALS, "RESULT_TOO_LARGE"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof attributionQuestionSchema>;
