import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import {
  RestAcknowledgeIncidentDocument,
  RestIncidentDocument,
  RestIncidentPostmortemDocument,
  RestIncidentsDocument,
  RestResolveIncidentDocument,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute, type CheckedRequest } from "../../http/serve-route.ts";
import {
  acknowledgeIncidentDescription,
  incidentDescription,
  incidentsDescription,
  postmortemDescription,
  resolveIncidentDescription,
} from "./description.ts";

const DEFAULT_FIRST = "50";
const ID = "incident_id";

const byId = (field: string): string => (field === "id" ? ID : field);
const list = graphQuestion(RestIncidentsDocument);
const one = graphQuestion(RestIncidentDocument, byId);
const postmortem = graphQuestion(RestIncidentPostmortemDocument, byId);
const acknowledge = graphQuestion(RestAcknowledgeIncidentDocument, byId);
const resolve = graphQuestion(RestResolveIncidentDocument, byId);

/** Members whose values are words of the graph's enums. */
const inWords = wordsOf(new Set(["state", "severity", "kind", "from", "to", "role", "reasons"]));

const unknown = () => refuse("NOT_FOUND", "The tenant has no incident of this id.", { field: ID });

interface Note {
  readonly tenant_id?: string;
  readonly note?: string | null;
}

type Outcome =
  | { readonly __typename: "IncidentSaved"; readonly incident: object }
  | { readonly __typename: "IncidentStepRefused"; readonly incident: { readonly state: string } }
  | { readonly __typename: "IncidentNotFound" };

const changed = (outcome: Outcome): unknown => {
  switch (outcome.__typename) {
    case "IncidentSaved":
      return inWords(outcome.incident);
    case "IncidentStepRefused":
      throw refuse("CONFLICT", `That leads nowhere: the incident is ${outcome.incident.state.toLowerCase()}.`, {
        field: ID,
      });
    case "IncidentNotFound":
      throw unknown();
  }
};

/** What the graph is asked for a step of an incident; refuses another tenant's. */
const stepOf = ({ caller, path, body }: CheckedRequest<unknown, Note>) => {
  ownTenant(caller, body.tenant_id);
  return { id: path[ID], note: body.note ?? null };
};

/** Adds the addresses under /api/v2/incidents but for what providers tell back. */
export const registerIncidents = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, incidentsDescription, async (request) => {
    const { tenant_id, state, severity, active, policy, first, after } = request.query;
    ownTenant(request.caller, tenant_id);
    const { edges, pageInfo } = (
      await list(deps.graph, request, {
        ...{ first: Number(first ?? DEFAULT_FIRST), after: after ?? null, active: active === "true" },
        ...{ state: state?.toUpperCase() ?? null, severity: severity?.toUpperCase() ?? null, policy: policy ?? null },
      })
    ).data.incidents;
    return {
      incidents: edges.map(({ node }) => inWords(node)),
      next_cursor: nextCursor(pageInfo),
    };
  });
  serveRoute(server, deps, incidentDescription, async (request) => {
    const { incident } = (await one(deps.graph, request, { id: request.path[ID] })).data;
    if (incident === null) throw unknown();
    return inWords(incident);
  });
  serveRoute(server, deps, postmortemDescription, async (request) => {
    const { incident } = (await postmortem(deps.graph, request, { id: request.path[ID] })).data;
    if (incident === null) throw unknown();
    const { markdown, json } = incident.postmortem;
    return { markdown, json };
  });
  serveRoute(server, deps, acknowledgeIncidentDescription, async (request) =>
    changed((await acknowledge(deps.graph, request, stepOf(request))).data.acknowledgeIncident),
  );
  serveRoute(server, deps, resolveIncidentDescription, async (request) =>
    changed((await resolve(deps.graph, request, stepOf(request))).data.resolveIncident),
  );
};
