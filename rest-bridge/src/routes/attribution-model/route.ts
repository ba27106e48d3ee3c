import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestAttributionModelDocument, type RestAttributionModelQuery } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { toMaxStaleness } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { attributionModelDescription } from "./description.ts";
import { asAsked, toAttributionInput, type AttributionQuestion } from "./question.ts";

const attribution = graphQuestion(RestAttributionModelDocument);

type Breakdowns = RestAttributionModelQuery["attribution"]["breakdowns"];

/** Breakdowns under the names their dimensions were asked for by. */
const named = (breakdowns: Breakdowns, question: AttributionQuestion): Breakdowns =>
  breakdowns.map((one) => ({ ...one, dimension: asAsked(one.dimension, question) }));

/** Adds POST /api/v2/analytics/attribution/model. */
export const registerAttributionModel = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, attributionModelDescription, async (request) => {
    const { body, caller } = request;
    ownTenant(caller, body.tenant_id);
    const { data, warnings } = await attribution(deps.graph, request, {
      input: toAttributionInput(body),
      ...toMaxStaleness(body),
    });
    const { provenance, identity, breakdowns, ...answer } = data.attribution;
    const parts = Object.entries({ ...answer, breakdowns: named(breakdowns, body) });
    return {
      ...Object.fromEntries(
        parts
          .filter(([name]) => name !== "__typename")
          .map(([name, part]): [string, unknown] => [snakeCase(name), inRestWords(part, name)]),
      ),
      identity: identity.toLowerCase(),
      provenance: toProvenance(provenance),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
