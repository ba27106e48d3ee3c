import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { RestObjectiveDocument, RestObjectivesDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { objectiveDescription, objectivesDescription } from "./description.ts";

const ID = "slo_id";

const list = graphQuestion(RestObjectivesDocument);
const one = graphQuestion(RestObjectiveDocument, (field) => (field === "id" ? ID : field));

/** Members whose values are words of the graph's enums. */
const words = wordsOf(new Set(["kind", "outcome", "state", "severity"]));

interface Told {
  readonly indicator: { readonly settings: unknown };
  readonly window: string;
}

/** An objective in REST's words; what it measures keeps the form its author gave. */
const inWords = (objective: Told): unknown => {
  const said = words(objective);
  const { settings } = objective.indicator;
  return typeof said === "object" && said !== null && "indicator" in said && typeof said.indicator === "object"
    ? { ...said, indicator: { ...said.indicator, settings }, window: objective.window.toLowerCase() }
    : said;
};

/** Adds the addresses under /api/v2/slos. */
export const registerObjectives = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, objectivesDescription, async (request) => {
    ownTenant(request.caller, request.query.tenant_id);
    const { objectives } = (await list(deps.graph, request, {})).data;
    return { slos: objectives.map(inWords) };
  });
  serveRoute(server, deps, objectiveDescription, async (request) => {
    ownTenant(request.caller, request.query.tenant_id);
    const asked = { id: request.path[ID], groups: request.query.groups === "true" };
    const { objective } = (await one(deps.graph, request, asked)).data;
    if (objective === null) throw refuse("NOT_FOUND", "The tenant has no objective of this id.", { field: ID });
    const { groups, ...rest } = objective;
    const { groups: told, groupCount } = groups ?? { groups: null, groupCount: null };
    const said = inWords(rest);
    return { ...(typeof said === "object" ? said : {}), groups: words(told), group_count: groupCount };
  });
};
