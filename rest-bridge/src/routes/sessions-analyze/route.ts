import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestSessionsAnalyzeDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { toMaxStaleness } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { sessionsAnalyzeDescription } from "./description.ts";
import { toSessionMetricsInput } from "./question.ts";

const ask = graphQuestion(RestSessionsAnalyzeDocument);

/** Adds POST /api/v2/analytics/sessions/analyze. */
export const registerSessionsAnalyze = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, sessionsAnalyzeDescription, async (request) => {
    const { body, caller } = request;
    ownTenant(caller, body.tenant_id);
    const { data, warnings } = await ask(deps.graph, request, {
      input: toSessionMetricsInput(body),
      ...toMaxStaleness(body),
    });
    const { provenance, ...answer } = data.sessionMetrics;
    return {
      ...Object.fromEntries(
        Object.entries(answer)
          .filter(([name]) => name !== "__typename")
          .map(([name, part]): [string, unknown] => [snakeCase(name), inRestWords(part, name)]),
      ),
      provenance: toProvenance(provenance),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
