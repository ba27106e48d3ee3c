import { Type } from "typebox";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { pathsAnswerSchema } from "./answer.ts";
import { pathsQuestionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });

/** POST /api/v2/analytics/paths/analyze. */
export const pathsAnalyzeDescription = {
  method: "post",
  path: "/api/v2/analytics/paths/analyze",
  operationId: "analyzePaths",
  tag: "Analytics",
  summary: "Which paths units take from label to label",
  graphql: "Query.paths",
  query,
  body: pathsQuestionSchema,
  answers: {
    200: { description: "Nodes and links of the paths, and the most frequent whole ones.", schema: pathsAnswerSchema },
  },
  refusals: BEHAVIOUR_REFUSALS,
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof pathsQuestionSchema>;
