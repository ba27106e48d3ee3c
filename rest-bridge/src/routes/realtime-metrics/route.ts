import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { HttpServer } from "@tessera/platform/http/server";
import { toMetrics } from "../../answers/metrics.ts";
import { RestRealtimeMetricsDocument } from "../../generated/graphql.ts";
import { answered } from "../../graph/answered.ts";
import { documentIdOf, type GraphPort } from "../../graph/graph-port.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute, type Authenticate } from "../../http/serve-route.ts";
import { realtimeMetricsDescription } from "./description.ts";
import { DEFAULT_TIMEFRAME, parseTimeframe } from "./timeframe.ts";

const documentId = documentIdOf(RestRealtimeMetricsDocument);

/** Adds GET /api/v2/analytics/realtime/metrics. */
export const registerRealtimeMetrics = (
  server: HttpServer,
  deps: { readonly graph: GraphPort; readonly authenticate: Authenticate; readonly clientAddress: ClientAddress },
): void =>
  serveRoute(
    server,
    deps,
    realtimeMetricsDescription,
    async ({ query, caller, authorization, traceId, clientAddress, signal, addHeaders }) => {
      ownTenant(caller, query.tenant_id);
      const variables = { timeframe: parseTimeframe(query.timeframe ?? DEFAULT_TIMEFRAME) };
      const origin = { caller, authorization, traceId, clientAddress, signal };
      const result = await deps.graph.execute({ ...origin, documentId, variables });
      addHeaders(result.rateLimit);
      const { data, warnings } = answered(RestRealtimeMetricsDocument, result);
      return { ...toMetrics(data.realtimeMetrics), ...(warnings.length === 0 ? {} : { warnings }) };
    },
  );
