import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestRingsDocument, RestVelocityDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { ringsDescription, velocityDescription } from "./description.ts";
import { toRingsInput, toVelocityInput } from "./question.ts";

const askVelocity = graphQuestion(RestVelocityDocument);
const askRings = graphQuestion(RestRingsDocument);
/** Members whose values are words of the graph's enums. */
const inWords = wordsOf(new Set(["reported"]));

/** Adds POST /api/v2/analytics/velocity and POST /api/v2/analytics/rings. */
export const registerFraud = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, velocityDescription, async (request) => {
    ownTenant(request.caller, request.body.tenant_id);
    const { data, warnings } = await askVelocity(deps.graph, request, { input: toVelocityInput(request.body) });
    const { range, entities, top, hasMore, provenance } = data.velocity;
    return {
      ...{ range: inWords(range), entities, top: inWords(top), has_more: hasMore },
      provenance: toProvenance(provenance),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
  serveRoute(server, deps, ringsDescription, async (request) => {
    ownTenant(request.caller, request.body.tenant_id);
    const { data, warnings } = await askRings(deps.graph, request, { input: toRingsInput(request.body) });
    const { range, ringCount, memberCount, largest, hubs, rings, hasMore, provenance } = data.rings;
    return {
      ...{ range: inWords(range), ring_count: ringCount, member_count: memberCount, largest, hubs },
      ...{ rings: inWords(rings), has_more: hasMore, provenance: toProvenance(provenance) },
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
};
