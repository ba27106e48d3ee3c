import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestPathsAnalyzeDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { toMaxStaleness } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { pathsAnalyzeDescription } from "./description.ts";
import { toPathsInput } from "./question.ts";

const ask = graphQuestion(RestPathsAnalyzeDocument);

/** Adds POST /api/v2/analytics/paths/analyze. */
export const registerPathsAnalyze = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, pathsAnalyzeDescription, async (request) => {
    const { body, caller } = request;
    ownTenant(caller, body.tenant_id);
    const { data, warnings } = await ask(deps.graph, request, { input: toPathsInput(body), ...toMaxStaleness(body) });
    const { provenance, ...answer } = data.paths;
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
