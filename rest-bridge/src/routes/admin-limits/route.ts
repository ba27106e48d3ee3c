import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestSetLimitsDocument } from "../../generated/graphql.ts";
import { answered } from "../../graph/answered.ts";
import { documentIdOf, type GraphPort } from "../../graph/graph-port.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute, type Authenticate } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { adminLimitsDescription } from "./description.ts";

const documentId = documentIdOf(RestSetLimitsDocument);

const naming = (field: string): string => snakeCase(field.replace(/^input\.?/, ""));

/** Adds PUT /api/v2/admin/tenants/{id}/limits. */
export const registerAdminLimits = (
  server: HttpServer,
  deps: { readonly graph: GraphPort; readonly authenticate: Authenticate; readonly clientAddress: ClientAddress },
): void =>
  serveRoute(server, deps, adminLimitsDescription, async ({ body, path, caller, addHeaders, ...request }) => {
    const limits = body.limits.map(({ metric, scope, scope_id, soft, hard, grace_seconds, unlimited }) => ({
      ...{ metric: metric.toUpperCase(), scope: scope.toUpperCase(), scopeId: scope_id ?? null },
      ...{ soft: soft ?? null, hard: hard ?? null, graceSeconds: grace_seconds ?? 0, unlimited: unlimited ?? false },
    }));
    const input = { tenantId: administeredTenant(caller, path["id"]), limits };
    const { authorization, traceId, signal, clientAddress } = request;
    const call = { caller, authorization, documentId, variables: { input }, traceId, signal, clientAddress };
    const result = await deps.graph.execute(call);
    addHeaders(result.rateLimit);
    return inRestWords(answered(RestSetLimitsDocument, result, naming).data.setLimits);
  });
