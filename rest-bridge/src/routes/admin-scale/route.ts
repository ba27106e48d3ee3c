import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestScaleTenantDocument } from "../../generated/graphql.ts";
import { answered } from "../../graph/answered.ts";
import { documentIdOf, type GraphPort } from "../../graph/graph-port.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute, type Authenticate } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { adminScaleDescription } from "./description.ts";

const documentId = documentIdOf(RestScaleTenantDocument);

const naming = (field: string): string => snakeCase(field.replace(/^input\.?/, ""));

/** Adds POST /api/v2/admin/tenants/{id}/scale. */
export const registerAdminScale = (
  server: HttpServer,
  deps: { readonly graph: GraphPort; readonly authenticate: Authenticate; readonly clientAddress: ClientAddress },
): void =>
  serveRoute(server, deps, adminScaleDescription, async ({ body, path, caller, addHeaders, ...request }) => {
    const input = {
      tenantId: administeredTenant(caller, path["id"]),
      concurrentQueries: body.concurrent_queries ?? null,
      queryMemoryBytes: body.query_memory_bytes ?? null,
      workerWeight: body.worker_weight ?? null,
      reason: body.reason,
    };
    const { authorization, traceId, signal, clientAddress } = request;
    const call = { caller, authorization, documentId, variables: { input }, traceId, signal, clientAddress };
    const result = await deps.graph.execute(call);
    addHeaders(result.rateLimit);
    return inRestWords(answered(RestScaleTenantDocument, result, naming).data.scaleTenant);
  });
