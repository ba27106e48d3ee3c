import { Type } from "typebox";
import { ROWS_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { queryAnswerSchema } from "./answer.ts";
import { questionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });

/** POST /api/v2/analytics/realtime/query. */
export const realtimeQueryDescription = {
  method: "post",
  path: "/api/v2/analytics/realtime/query",
  operationId: "queryRealtime",
  tag: "Analytics",
  summary: "Measures grouped by fields and time",
  graphql: "Query.olap",
  query,
  body: questionSchema,
  answers: { 200: { description: "The answer, in the format asked for.", schema: queryAnswerSchema } },
  refusals: ROWS_REFUSALS,
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof questionSchema>;
