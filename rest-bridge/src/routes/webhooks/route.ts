import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import {
  RestCreateWebhookEndpointDocument,
  RestDeleteWebhookEndpointDocument,
  RestPauseWebhookEndpointDocument,
  RestReplayWebhooksDocument,
  RestResumeWebhookEndpointDocument,
  RestRotateWebhookSecretDocument,
  RestTestWebhookEndpointDocument,
  RestUpdateWebhookEndpointDocument,
  RestWebhookDeliveriesDocument,
  RestWebhookEndpointDocument,
  RestWebhookEndpointsDocument,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { camelCase, snakeCase } from "../../http/snake-case.ts";
import {
  createEndpointDescription,
  deliveriesDescription,
  endpointDescription,
  endpointsDescription,
  pauseEndpointDescription,
  removeEndpointDescription,
  replayDescription,
  resumeEndpointDescription,
  rotateSecretDescription,
  testEndpointDescription,
  updateEndpointDescription,
} from "./description.ts";

const [DEFAULT_FIRST, DEFAULT_OVERLAP_HOURS, DEFAULT_KIND] = ["50", 24, "hmac_sha256"] as const;
const ID = "endpoint_id";
const byId = (field: string): string => (field === "id" ? ID : field);

const [list, create] = [
  graphQuestion(RestWebhookEndpointsDocument),
  graphQuestion(RestCreateWebhookEndpointDocument, byId),
];
const [read, update] = [
  graphQuestion(RestWebhookEndpointDocument, byId),
  graphQuestion(RestUpdateWebhookEndpointDocument, byId),
];
const [pause, resume] = [
  graphQuestion(RestPauseWebhookEndpointDocument, byId),
  graphQuestion(RestResumeWebhookEndpointDocument, byId),
];
const [remove, rotate] = [
  graphQuestion(RestDeleteWebhookEndpointDocument, byId),
  graphQuestion(RestRotateWebhookSecretDocument, byId),
];
const [test, replay] = [
  graphQuestion(RestTestWebhookEndpointDocument, byId),
  graphQuestion(RestReplayWebhooksDocument, byId),
];
const FILTERS: Readonly<Record<string, string>> = { "filter.states": "state", "filter.types": "type" };
const deliveries = graphQuestion(
  RestWebhookDeliveriesDocument,
  (field) => FILTERS[field] ?? field.replace(/^filter\./, ""),
);

/** Members whose values are words of the graph's enums. */
const inWords = wordsOf(new Set(["ordering", "state", "disabledReason", "kind", "endReason"]));

const unknown = () => refuse("NOT_FOUND", "The tenant has no endpoint of this id.", { field: ID });

type Outcome =
  | { readonly __typename: "WebhookEndpointSaved"; readonly endpoint: object; readonly secrets: readonly object[] }
  | {
      readonly __typename: "WebhookRejected";
      readonly problems: readonly { readonly field: string; readonly message: string }[];
    }
  | { readonly __typename: "WebhookLimitReached"; readonly limit: number }
  | { readonly __typename: "WebhookEndpointChangedMeanwhile"; readonly endpoint: { readonly version: number } }
  | { readonly __typename: "WebhookEndpointNotFound" };

/** An endpoint as it was saved; refuses what was not. */
const saved = (outcome: Outcome, limited: string): unknown => {
  switch (outcome.__typename) {
    case "WebhookEndpointSaved":
      return inWords({ endpoint: outcome.endpoint, secrets: outcome.secrets });
    case "WebhookRejected": {
      const told = outcome.problems.map(({ field, message }) => `${snakeCase(field)}: ${message}`).join(" ");
      throw refuse("BAD_INPUT", told, { field: snakeCase(outcome.problems[0]?.field ?? "") });
    }
    case "WebhookLimitReached":
      throw refuse("CONFLICT", `${limited} ${outcome.limit}.`, {});
    case "WebhookEndpointChangedMeanwhile":
      throw refuse("CONFLICT", `The endpoint was changed meanwhile: its version is ${outcome.endpoint.version}.`, {
        field: "expected_version",
      });
    case "WebhookEndpointNotFound":
      throw unknown();
  }
};
const ENDPOINTS = "There are as many endpoints as a tenant may have:";
const SECRETS = "The endpoint has as many secrets as it may have:";

/** A body in the graph's words: names in camel case, the words of enums in capitals. */
const inGraphWords = (said: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(said).map(([name, value]: [string, unknown]) => {
      if (name === "ordering" && typeof value === "string") return [name, value.toUpperCase()];
      if (name === "signing" && Array.isArray(value)) return [name, value.map((one) => String(one).toUpperCase())];
      return [camelCase(name), value];
    }),
  );

const serveChanges = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, createEndpointDescription, async (request) => {
    const { data } = await create(deps.graph, request, { input: inGraphWords(request.body) });
    return saved(data.createWebhookEndpoint, ENDPOINTS);
  });
  serveRoute(server, deps, updateEndpointDescription, async (request) => {
    const { data } = await update(deps.graph, request, { id: request.path[ID], input: inGraphWords(request.body) });
    return saved(data.updateWebhookEndpoint, ENDPOINTS);
  });
  serveRoute(server, deps, pauseEndpointDescription, async (request) => {
    const { data } = await pause(deps.graph, request, { id: request.path[ID] });
    return saved(data.pauseWebhookEndpoint, ENDPOINTS);
  });
  serveRoute(server, deps, resumeEndpointDescription, async (request) => {
    const { data } = await resume(deps.graph, request, { id: request.path[ID] });
    return saved(data.resumeWebhookEndpoint, ENDPOINTS);
  });
  serveRoute(server, deps, rotateSecretDescription, async (request) => {
    const { kind = DEFAULT_KIND, overlap_hours: overlapHours = DEFAULT_OVERLAP_HOURS } = request.body;
    const asked = { id: request.path[ID], kind: kind.toUpperCase(), overlapHours };
    return saved((await rotate(deps.graph, request, asked)).data.rotateWebhookSecret, SECRETS);
  });
  serveRoute(server, deps, removeEndpointDescription, async (request) => {
    const outcome = (await remove(deps.graph, request, { id: request.path[ID] })).data.deleteWebhookEndpoint;
    if (outcome.__typename === "WebhookEndpointNotFound") throw unknown();
    return { id: outcome.id };
  });
};

const serveMessages = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, testEndpointDescription, async (request) => {
    const outcome = (await test(deps.graph, request, { id: request.path[ID] })).data.testWebhookEndpoint;
    if (outcome.__typename === "WebhookEndpointNotFound") throw unknown();
    return inWords(outcome.delivery);
  });
  serveRoute(server, deps, replayDescription, async (request) => {
    const input = { endpointId: request.path[ID], ...inGraphWords(request.body) };
    const outcome = (await replay(deps.graph, request, { input })).data.replayWebhooks;
    switch (outcome.__typename) {
      case "WebhooksReplayed":
        return { deliveries: outcome.deliveries };
      case "WebhookReplayTooLarge":
        throw refuse("BAD_INPUT", `At most ${outcome.limit} messages are sent again at once: ask for a shorter time.`, {
          field: "from",
        });
      case "WebhookEndpointNotFound":
        throw unknown();
    }
  });
  serveRoute(server, deps, deliveriesDescription, async (request) => {
    const { tenant_id, endpoint_id, message_id, state, type, from, to, first, after } = request.query;
    ownTenant(request.caller, tenant_id);
    const filter = {
      ...{ endpointId: endpoint_id ?? null, messageId: message_id ?? null, from: from ?? null, to: to ?? null },
      ...{ states: state === undefined ? null : [state.toUpperCase()], types: type === undefined ? null : [type] },
    };
    const page = { filter, first: Number(first ?? DEFAULT_FIRST), after: after ?? null };
    const { edges, pageInfo } = (await deliveries(deps.graph, request, page)).data.webhookDeliveries;
    return { deliveries: edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(pageInfo) };
  });
};

/** Adds the addresses under /api/v2/webhooks, and GET /api/v2/webhook-deliveries. */
export const registerWebhooks = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, endpointsDescription, async (request) => {
    ownTenant(request.caller, request.query.tenant_id);
    const { webhookEndpoints } = (await list(deps.graph, request, {})).data;
    return { endpoints: webhookEndpoints.map((one) => inWords(one)) };
  });
  serveRoute(server, deps, endpointDescription, async (request) => {
    const { webhookEndpoint } = (await read(deps.graph, request, { id: request.path[ID] })).data;
    if (webhookEndpoint === null) throw unknown();
    return inWords(webhookEndpoint);
  });
  serveChanges(server, deps);
  serveMessages(server, deps);
};
