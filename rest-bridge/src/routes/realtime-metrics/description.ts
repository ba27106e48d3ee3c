import { Type } from "typebox";
import { metricsSchema } from "../../answers/metrics.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { DEFAULT_TIMEFRAME } from "./timeframe.ts";

/** Query parameters both realtime routes take. */
export const realtimeParameters = {
  tenant_id: tenantIdSchema,
  timeframe: Type.Optional(
    Type.String({
      maxLength: 32,
      default: DEFAULT_TIMEFRAME,
      examples: ["30s", "5m", "1h", "24h", "PT5M"],
      description: "How far to look back from now, 1 second to 24 hours: 30s, 5m, 1h, 24h, or ISO 8601 such as PT5M.",
    }),
  ),
};

const query = Type.Object(realtimeParameters, { additionalProperties: false });
const body = Type.Unknown();

/** GET /api/v2/analytics/realtime/metrics. */
export const realtimeMetricsDescription = {
  method: "get",
  path: "/api/v2/analytics/realtime/metrics",
  operationId: "getRealtimeMetrics",
  tag: "Analytics",
  summary: "What happens right now",
  graphql: "Query.realtimeMetrics",
  query,
  body,
  answers: {
    200: {
      description: "The metrics of the present moment.",
      schema: Type.Object(
        { ...metricsSchema.properties, warnings: warningsSchema },
        { title: "RealtimeMetricsAnswer" },
      ),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "QUERY_TIMEOUT"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
