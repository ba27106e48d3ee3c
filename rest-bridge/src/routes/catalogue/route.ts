import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import { RestCatalogueEventNamesDocument, RestCataloguePropertiesDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { catalogueEventNamesDescription, cataloguePropertiesDescription } from "./description.ts";

const DEFAULT_FIRST = "50";

/** The part of a request that the graph complains about: its arguments stand in the query itself. */
const naming = (field: string): string => field.replace(/^dimensions\.(?:catalogue|event_names)\./, "");

const properties = graphQuestion(RestCataloguePropertiesDocument, naming);
const eventNames = graphQuestion(RestCatalogueEventNamesDocument, naming);
const inWords = wordsOf(new Set(["type"]));

const pageOf = ({ prefix, first, after }: Readonly<Partial<Record<"prefix" | "first" | "after", string>>>) => ({
  ...{ prefix: prefix ?? "", first: Number(first ?? DEFAULT_FIRST), after: after ?? null },
});

/** Adds GET /api/v2/analytics/catalogue/properties and GET /api/v2/analytics/catalogue/event-names. */
export const registerCatalogue = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, cataloguePropertiesDescription, async (request) => {
    const { tenant_id: tenantId, event, ...page } = request.query;
    ownTenant(request.caller, tenantId);
    const variables = { ...pageOf(page), event: event ?? null };
    const { edges, pageInfo } = (await properties(deps.graph, request, variables)).data.dimensions.catalogue;
    return { properties: edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(pageInfo) };
  });
  serveRoute(server, deps, catalogueEventNamesDescription, async (request) => {
    const { tenant_id: tenantId, ...page } = request.query;
    ownTenant(request.caller, tenantId);
    const { edges, pageInfo } = (await eventNames(deps.graph, request, pageOf(page))).data.dimensions.eventNames;
    return { event_names: edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(pageInfo) };
  });
};
