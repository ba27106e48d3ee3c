import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import { RestRecordChangeDocument, RestRecordedChangesDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { recordChangeDescription, recordedChangesDescription } from "./description.ts";

const DEFAULT_FIRST = "50";
const list = graphQuestion(RestRecordedChangesDocument);

const record = graphQuestion(RestRecordChangeDocument, (field) => snakeCase(field.replace(/^input\./, "")));

/** Adds GET and POST /api/v2/changes. */
export const registerChanges = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, recordedChangesDescription, async (request) => {
    const { tenant_id, kind, first, after } = request.query;
    ownTenant(request.caller, tenant_id);
    const page = { first: Number(first ?? DEFAULT_FIRST), after: after ?? null, kind: kind?.toUpperCase() ?? null };
    const { edges, pageInfo } = (await list(deps.graph, request, page)).data.recordedChanges;
    return { changes: edges.map(({ node }) => inRestWords(node)), next_cursor: nextCursor(pageInfo) };
  });
  serveRoute(server, deps, recordChangeDescription, async (request) => {
    const { tenant_id, kind, ...said } = request.body;
    ownTenant(request.caller, tenant_id);
    const { recordChange } = (await record(deps.graph, request, { input: { ...said, kind: kind.toUpperCase() } })).data;
    return inRestWords(recordChange);
  });
};
