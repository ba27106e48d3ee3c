import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import { RestSecurityEventsDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { momentParameter } from "../audit-log/moment.ts";
import { adminSecurityEventsDescription } from "./description.ts";

const DEFAULT_FIRST = "50";

/** The part of a request in the route's own words: the filter's fields stand in the query itself. */
const naming = (field: string): string => field.replace(/^filter\./, "");

const securityEvents = graphQuestion(RestSecurityEventsDocument, naming);

/** Adds GET /api/v2/admin/tenants/{id}/security-events. */
export const registerAdminSecurityEvents = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, adminSecurityEventsDescription, async (request) => {
    const { query, path, caller } = request;
    const filter = {
      kinds: query.kind === undefined ? null : [query.kind.toUpperCase()],
      sourceKind: query.source_kind?.toUpperCase() ?? null,
      sourceId: query.source_id ?? null,
      since: momentParameter(query.since, "since"),
    };
    const tenantId = administeredTenant(caller, path["id"]);
    const variables = { tenantId, filter, first: Number(query.first ?? DEFAULT_FIRST), after: query.after ?? null };
    const { data } = await securityEvents(deps.graph, request, variables);
    const { nodes, pageInfo } = data.securityEvents;
    return { events: inRestWords(nodes), next_cursor: nextCursor(pageInfo) };
  });
