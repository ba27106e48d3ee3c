import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestAnomalyDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { anomalyDescription } from "./description.ts";

const DEFAULT_FIRST = "10";
const ID = "anomaly_id";
const read = graphQuestion(RestAnomalyDocument, (field) => (field === "id" ? ID : field));

/** Members whose values are words of the graph's enums. */
const words = wordsOf(new Set(["state", "severity", "side", "kind", "edge", "cause"]));
const inWords = (value: object): object =>
  Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [snakeCase(name), words(part, name)]),
  );

/** Adds GET /api/v2/anomalies/{anomaly_id}. */
export const registerAnomaly = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, anomalyDescription, async (request) => {
    const { tenant_id, reach, first } = request.query;
    ownTenant(request.caller, tenant_id);
    const asked = { id: request.path[ID], reach: reach === "true", first: Number(first ?? DEFAULT_FIRST) };
    const { anomaly } = (await read(deps.graph, request, asked)).data;
    if (anomaly === null) throw refuse("NOT_FOUND", "The tenant has no anomaly of this id.", { field: ID });
    const { change, ...told } = anomaly;
    const reached = change?.impact ?? null;
    return {
      ...inWords(told),
      reach: reached === null ? null : { ...inWords(reached), provenance: toProvenance(reached.provenance) },
    };
  });
};
