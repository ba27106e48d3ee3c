import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestRecordChangeDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { recordChangeDescription } from "./description.ts";

const record = graphQuestion(RestRecordChangeDocument, (field) => snakeCase(field.replace(/^input\./, "")));

/** Adds POST /api/v2/changes. */
export const registerChanges = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, recordChangeDescription, async (request) => {
    const { tenant_id, kind, ...said } = request.body;
    ownTenant(request.caller, tenant_id);
    const { recordChange } = (await record(deps.graph, request, { input: { ...said, kind: kind.toUpperCase() } })).data;
    return inRestWords(recordChange);
  });
};
