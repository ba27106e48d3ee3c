import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import {
  RestErasePersonDocument,
  RestIdentifyDocument,
  RestMergePeopleDocument,
  RestPersonDocument,
  RestPersonErasureDocument,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { momentParameter } from "../audit-log/moment.ts";
import {
  erasePersonDescription,
  identifyDescription,
  mergePeopleDescription,
  personDescription,
  personErasureDescription,
} from "./description.ts";

const DEFAULT_FIRST = "50";

const person = graphQuestion(RestPersonDocument);
const merge = graphQuestion(RestMergePeopleDocument);
const identify = graphQuestion(RestIdentifyDocument);
const erase = graphQuestion(RestErasePersonDocument);
const erasure = graphQuestion(RestPersonErasureDocument);

/** Members in snake case; values of traits are their sender's own. */
const inWords = (value: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "__typename")
      .map(([name, part]: [string, unknown]) => [snakeCase(name), inRestWords(part, name)]),
  );

const ended = (outcome: { readonly __typename: string; readonly reason?: string }) => ({
  changed: outcome.__typename === "PeopleChanged",
  reason: outcome.reason?.toLowerCase() ?? null,
});

/** Adds the addresses of erasures of persons. */
export const registerErasures = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, erasePersonDescription, async (request) => {
    const { tenant_id: tenantId, user_id: userId, anonymous_id: anonymousId, reason } = request.body;
    ownTenant(request.caller, tenantId);
    const { data } = await erase(deps.graph, request, { input: { userId, anonymousId, reason } });
    return inWords(data.erasePerson);
  });
  serveRoute(server, deps, personErasureDescription, async (request) => {
    const { data, warnings } = await erasure(deps.graph, request, { id: request.path["erasure_id"] });
    if (data.personErasure === null)
      throw refuse("NOT_FOUND", "The tenant has no erasure of this id.", { field: "erasure_id" });
    return { ...inWords(data.personErasure), ...(warnings.length === 0 ? {} : { warnings }) };
  });
};

/** Adds GET /api/v2/analytics/people/{person_id}, POST /api/v2/analytics/people/merge and POST /api/v2/analytics/identify. */
export const registerPeople = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, personDescription, async (request) => {
    const { as_of: asOf, first, after } = request.query;
    const variables = {
      ...{ id: request.path["person_id"], asOf: momentParameter(asOf, "as_of") },
      ...{ first: Number(first ?? DEFAULT_FIRST), after: after ?? null },
    };
    const { data, warnings } = await person(deps.graph, request, variables);
    if (data.person === null)
      throw refuse("NOT_FOUND", "The caller may see no event of anybody of this number.", { field: "person_id" });
    const { timeline, traits, ...rest } = data.person;
    return {
      ...inWords(rest),
      traits: traits.map(({ name, value, since }) => ({ name, value, since })),
      timeline: timeline.edges.map(({ node }) => inWords(node)),
      next_cursor: nextCursor(timeline.pageInfo),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
  serveRoute(server, deps, mergePeopleDescription, async (request) => {
    const { tenant_id: tenantId, from_user_id: fromUserId, into_user_id: intoUserId, reason } = request.body;
    ownTenant(request.caller, tenantId);
    const { data } = await merge(deps.graph, request, { input: { fromUserId, intoUserId, reason } });
    return ended(data.mergePeople);
  });
  serveRoute(server, deps, identifyDescription, async (request) => {
    const { tenant_id: tenantId, user_id: userId, anonymous_id: anonymousId, traits = null } = request.body;
    ownTenant(request.caller, tenantId);
    const { data } = await identify(deps.graph, request, { input: { userId, anonymousId, traits } });
    return ended(data.identify);
  });
};
