import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { HttpServer } from "@tessera/platform/http/server";
import { RestRealtimeQueryDocument } from "../../generated/graphql.ts";
import { answered } from "../../graph/answered.ts";
import { documentIdOf, type GraphPort } from "../../graph/graph-port.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute, type Authenticate } from "../../http/serve-route.ts";
import { toQueryAnswer } from "./answer.ts";
import { realtimeQueryDescription } from "./description.ts";
import { questionFieldOf, toOlapInput } from "./question.ts";

const documentId = documentIdOf(RestRealtimeQueryDocument);

/** Adds POST /api/v2/analytics/realtime/query. */
export const registerRealtimeQuery = (
  server: HttpServer,
  deps: { readonly graph: GraphPort; readonly authenticate: Authenticate; readonly clientAddress: ClientAddress },
): void =>
  serveRoute(
    server,
    deps,
    realtimeQueryDescription,
    async ({ body, caller, authorization, traceId, clientAddress, signal, addHeaders }) => {
      ownTenant(caller, body.tenant_id);
      const variables = { input: toOlapInput(body) };
      const origin = { caller, authorization, traceId, clientAddress, signal };
      const result = await deps.graph.execute({ ...origin, documentId, variables });
      addHeaders(result.rateLimit);
      const { data, warnings } = answered(RestRealtimeQueryDocument, result, questionFieldOf);
      return { ...toQueryAnswer(data.olap, body), ...(warnings.length === 0 ? {} : { warnings }) };
    },
  );
