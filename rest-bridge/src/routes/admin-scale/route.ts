import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestScaleTenantDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { adminScaleDescription } from "./description.ts";

const scaleTenant = graphQuestion(RestScaleTenantDocument);

/** Adds POST /api/v2/admin/tenants/{id}/scale. */
export const registerAdminScale = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, adminScaleDescription, async (request) => {
    const { body, path, caller } = request;
    const input = {
      tenantId: administeredTenant(caller, path["id"]),
      concurrentQueries: body.concurrent_queries ?? null,
      queryMemoryBytes: body.query_memory_bytes ?? null,
      workerWeight: body.worker_weight ?? null,
      reason: body.reason,
    };
    const { data } = await scaleTenant(deps.graph, request, { input });
    return inRestWords(data.scaleTenant);
  });
