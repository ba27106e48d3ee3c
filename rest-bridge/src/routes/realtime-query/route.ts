import type { HttpServer } from "@tessera/platform/http/server";
import { RestRealtimeQueryDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { toMaxStaleness } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { toQueryAnswer } from "./answer.ts";
import { realtimeQueryDescription } from "./description.ts";
import { questionFieldOf, toOlapInput } from "./question.ts";

const olap = graphQuestion(RestRealtimeQueryDocument, questionFieldOf);

/** Adds POST /api/v2/analytics/realtime/query. */
export const registerRealtimeQuery = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, realtimeQueryDescription, async (request) => {
    const { body, caller } = request;
    ownTenant(caller, body.tenant_id);
    const variables = { input: toOlapInput(body), ...toMaxStaleness(body) };
    const { data, warnings } = await olap(deps.graph, request, variables);
    return { ...toQueryAnswer(data.olap, body), ...(warnings.length === 0 ? {} : { warnings }) };
  });
