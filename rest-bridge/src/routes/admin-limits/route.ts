import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestSetLimitsDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { adminLimitsDescription } from "./description.ts";

const setLimits = graphQuestion(RestSetLimitsDocument);

/** Adds PUT /api/v2/admin/tenants/{id}/limits. */
export const registerAdminLimits = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, adminLimitsDescription, async (request) => {
    const { body, path, caller } = request;
    const limits = body.limits.map(({ metric, scope, scope_id, soft, hard, grace_seconds, unlimited }) => ({
      ...{ metric: metric.toUpperCase(), scope: scope.toUpperCase(), scopeId: scope_id ?? null },
      ...{ soft: soft ?? null, hard: hard ?? null, graceSeconds: grace_seconds ?? 0, unlimited: unlimited ?? false },
    }));
    const input = { tenantId: administeredTenant(caller, path["id"]), limits };
    const { data } = await setLimits(deps.graph, request, { input });
    return inRestWords(data.setLimits);
  });
