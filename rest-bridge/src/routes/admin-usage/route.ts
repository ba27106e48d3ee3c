import type { HttpServer } from "@tessera/platform/http/server";
import { refuse } from "@tessera/platform/errors/refusal";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestTenantUsageDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { adminUsageDescription, DIMENSIONS, KINDS } from "./description.ts";

const listOf = (text: string | undefined): readonly string[] =>
  text === undefined || text === "" ? [] : text.split(",").map((part) => part.trim());

/** Names of an enum of the graph, written in small letters; refuses others with BAD_INPUT. */
const namesOf = (text: string | undefined, allowed: readonly string[], field: string): readonly string[] => {
  const names = listOf(text);
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown !== undefined) throw refuse("BAD_INPUT", `\`${field}\` knows ${allowed.join(", ")}.`, { field });
  return names.map((name) => name.toUpperCase());
};

const moment = (text: string, field: string): string => {
  if (Number.isNaN(Date.parse(text)))
    throw refuse("BAD_INPUT", `\`${field}\` must be a time such as 2026-11-20T12:00:00Z.`, { field });
  return text;
};

/** The part of a question in the route's own words: intervals and filters stand in the query itself. */
const naming = (field: string): string => field.replace(/^(?:interval|filter)\./, "");

const usage = graphQuestion(RestTenantUsageDocument, naming);

/** Adds GET /api/v2/admin/tenants/{id}/usage. */
export const registerAdminUsage = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, adminUsageDescription, async (request) => {
    const { query, path, caller } = request;
    const tenantId = administeredTenant(caller, path["id"]);
    const variables = {
      tenantId,
      interval: { from: moment(query.from, "from"), to: moment(query.to, "to") },
      granularity: (query.granularity ?? "day").toUpperCase(),
      dimensions: namesOf(query.dimensions, DIMENSIONS, "dimensions"),
      filter: {
        kinds: namesOf(query.kinds, KINDS, "kinds"),
        operations: listOf(query.operations),
        subjects: listOf(query.subjects),
        apiKeys: listOf(query.api_keys),
      },
    };
    const { data } = await usage(deps.graph, request, variables);
    return inRestWords(data.usage);
  });
