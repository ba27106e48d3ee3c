import { Type } from "typebox";
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
  refusals: [
    "BAD_INPUT",
    "BAD_USER_INPUT",
    "TENANT_MISMATCH",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "QUERY_TOO_COSTLY",
    "RESULT_TOO_LARGE",
    "QUERY_TIMEOUT",
  ],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof attributionQuestionSchema>;
