import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestEventQualityDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { eventQualityDescription } from "./description.ts";
import { toEventQualityInput } from "./question.ts";

const ask = graphQuestion(RestEventQualityDocument);

/** Adds POST /api/v2/analytics/event-quality. */
export const registerEventQuality = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, eventQualityDescription, async (request) => {
    const { body, caller } = request;
    ownTenant(caller, body.tenant_id);
    const { data, warnings } = await ask(deps.graph, request, { input: toEventQualityInput(body) });
    const { range, events, met, expectations, provenance } = data.eventQuality;
    return {
      ...{ range: inRestWords(range), events, met, expectations: inRestWords(expectations) },
      provenance: toProvenance(provenance),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
