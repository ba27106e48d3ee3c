import type { HttpServer } from "@tessera/platform/http/server";
import { toMetrics } from "../../answers/metrics.ts";
import { RestRealtimeMetricsDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { realtimeMetricsDescription } from "./description.ts";
import { DEFAULT_TIMEFRAME, parseTimeframe } from "./timeframe.ts";

const metrics = graphQuestion(RestRealtimeMetricsDocument);

/** Adds GET /api/v2/analytics/realtime/metrics. */
export const registerRealtimeMetrics = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, realtimeMetricsDescription, async (request) => {
    const { query, caller } = request;
    ownTenant(caller, query.tenant_id);
    const variables = { timeframe: parseTimeframe(query.timeframe ?? DEFAULT_TIMEFRAME) };
    const { data, warnings } = await metrics(deps.graph, request, variables);
    return { ...toMetrics(data.realtimeMetrics), ...(warnings.length === 0 ? {} : { warnings }) };
  });
