import { Type } from "typebox";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { askedParts, DELIVERY_STATES, deliverySchema, endpointSchema, savedSchema, SIGNATURES } from "./schemas.ts";

const PATH = "/api/v2/webhooks";
const ONE = `${PATH}/{endpoint_id}` as const;
const pathParameters = { endpoint_id: "Id of the endpoint; one of another tenant is unknown." };
const nothing = Type.Object({}, { additionalProperties: false });
const noBody = Type.Unknown();
const common = { tag: "Anomalies", authenticated: true } as const;
const BODY = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const;
const READ = ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"] as const;
const CHANGED = ["BAD_INPUT", "BAD_USER_INPUT", "NOT_FOUND", "CONFLICT", "FORBIDDEN", ...BODY] as const;
/** Characters of an id, and how many are named at once. */
const [MAX_ID, MAX_IDS] = [200, 1_000];

const { url, ...asked } = askedParts("CreateWebhookEndpointInput");
const newSchema = Type.Object(
  {
    ...{ url, ...asked },
    signing: Type.Optional(
      Type.Array(Type.Enum([...SIGNATURES]), {
        ...{ minItems: 1, maxItems: SIGNATURES.length },
        ...from("CreateWebhookEndpointInput.signing"),
      }),
    ),
  },
  { additionalProperties: false },
);
const { url: otherUrl, ...changes } = askedParts("UpdateWebhookEndpointInput");
const changeSchema = Type.Object(
  {
    ...{ url: Type.Optional(otherUrl), ...changes },
    expected_version: Type.Optional(
      Type.Integer({ minimum: 1, ...from("UpdateWebhookEndpointInput.expectedVersion") }),
    ),
  },
  { additionalProperties: false },
);
const tenantQuery = Type.Object({ tenant_id: tenantIdSchema }, { additionalProperties: false });
const saved = { 200: { description: "The endpoint, with the secrets that are shown this once.", schema: savedSchema } };

const methodsOfAll = ["get", "post"] as const;
const methodsOfOne = ["get", "put"] as const;

/** GET /api/v2/webhooks. */
export const endpointsDescription = {
  ...{ ...common, method: "get", path: PATH, methodsOfPath: methodsOfAll, operationId: "listWebhookEndpoints" },
  summary: "Endpoints of webhooks, the newest first",
  graphql: "Query.webhookEndpoints",
  ...{ query: tenantQuery, body: noBody },
  answers: {
    200: {
      description: "All of the tenant, at most 50.",
      schema: Type.Object({ endpoints: Type.Array(endpointSchema, { description: "The endpoints." }) }),
    },
  },
  refusals: READ,
} as const satisfies RouteDescription<typeof tenantQuery, typeof noBody>;

/** POST /api/v2/webhooks. */
export const createEndpointDescription = {
  ...{ ...common, method: "post", path: PATH, methodsOfPath: methodsOfAll, operationId: "createWebhookEndpoint" },
  summary: "Make an endpoint of webhooks",
  graphql: "Mutation.createWebhookEndpoint",
  ...{ query: nothing, body: newSchema, answers: saved, refusals: CHANGED },
} as const satisfies RouteDescription<typeof nothing, typeof newSchema>;

/** GET /api/v2/webhooks/{endpoint_id}. */
export const endpointDescription = {
  ...{ ...common, method: "get", path: ONE, methodsOfPath: methodsOfOne, operationId: "getWebhookEndpoint" },
  ...{ summary: "An endpoint of webhooks, and how it fared", graphql: "Query.webhookEndpoint", pathParameters },
  ...{ query: nothing, body: noBody },
  answers: { 200: { description: "The endpoint.", schema: endpointSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

/** PUT /api/v2/webhooks/{endpoint_id}. */
export const updateEndpointDescription = {
  ...{ ...common, method: "put", path: ONE, methodsOfPath: methodsOfOne, operationId: "updateWebhookEndpoint" },
  ...{ summary: "Change an endpoint of webhooks", graphql: "Mutation.updateWebhookEndpoint", pathParameters },
  ...{ query: nothing, body: changeSchema, answers: saved, refusals: CHANGED },
} as const satisfies RouteDescription<typeof nothing, typeof changeSchema>;

const empty = Type.Object({}, { additionalProperties: false });

/** POST /api/v2/webhooks/{endpoint_id}/pause. */
export const pauseEndpointDescription = {
  ...{ ...common, method: "post", path: `${ONE}/pause`, operationId: "pauseWebhookEndpoint", pathParameters },
  ...{ summary: "Pause an endpoint of webhooks", graphql: "Mutation.pauseWebhookEndpoint" },
  ...{ query: nothing, body: empty, answers: saved, refusals: CHANGED },
} as const satisfies RouteDescription<typeof nothing, typeof empty>;

/** POST /api/v2/webhooks/{endpoint_id}/resume. */
export const resumeEndpointDescription = {
  ...{ ...common, method: "post", path: `${ONE}/resume`, operationId: "resumeWebhookEndpoint", pathParameters },
  ...{ summary: "Send to an endpoint of webhooks again", graphql: "Mutation.resumeWebhookEndpoint" },
  ...{ query: nothing, body: empty, answers: saved, refusals: CHANGED },
} as const satisfies RouteDescription<typeof nothing, typeof empty>;

/** POST /api/v2/webhooks/{endpoint_id}/remove. */
export const removeEndpointDescription = {
  ...{ ...common, method: "post", path: `${ONE}/remove`, operationId: "deleteWebhookEndpoint", pathParameters },
  ...{ summary: "Delete an endpoint of webhooks", graphql: "Mutation.deleteWebhookEndpoint" },
  ...{ query: nothing, body: empty },
  answers: {
    200: {
      description: "It is deleted with its secrets.",
      schema: Type.Object({ id: Type.String(from("WebhookEndpointDeleted.id")) }),
    },
  },
  refusals: CHANGED,
} as const satisfies RouteDescription<typeof nothing, typeof empty>;

const rotation = Type.Object(
  {
    kind: Type.Optional(Type.Enum([...SIGNATURES], { description: "What the secret signs by; HMAC when left out." })),
    overlap_hours: Type.Optional(
      Type.Integer({
        ...{ minimum: 0, maximum: 168 },
        description: "Hours that former secrets sign on; 24 when left out.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** POST /api/v2/webhooks/{endpoint_id}/secret. */
export const rotateSecretDescription = {
  ...{ ...common, method: "post", path: `${ONE}/secret`, operationId: "rotateWebhookSecret", pathParameters },
  ...{ summary: "Make a new secret for an endpoint of webhooks", graphql: "Mutation.rotateWebhookSecret" },
  ...{ query: nothing, body: rotation, answers: saved, refusals: CHANGED },
} as const satisfies RouteDescription<typeof nothing, typeof rotation>;

/** POST /api/v2/webhooks/{endpoint_id}/test. */
export const testEndpointDescription = {
  ...{ ...common, method: "post", path: `${ONE}/test`, operationId: "testWebhookEndpoint", pathParameters },
  ...{ summary: "Send a test to an endpoint of webhooks", graphql: "Mutation.testWebhookEndpoint" },
  ...{ query: nothing, body: empty },
  answers: { 200: { description: "The test is on its way.", schema: deliverySchema } },
  refusals: CHANGED,
} as const satisfies RouteDescription<typeof nothing, typeof empty>;

const replay = (name: string) => from(`ReplayWebhooksInput.${name}`);
const replaySchema = Type.Object(
  {
    message_ids: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_ID }), { maxItems: MAX_IDS, ...replay("messageIds") }),
    ),
    ...{ from: Type.Optional(moment(replay("from"))), to: Type.Optional(moment(replay("to"))) },
    only_failed: Type.Optional(Type.Boolean(replay("onlyFailed"))),
  },
  { additionalProperties: false },
);

/** POST /api/v2/webhooks/{endpoint_id}/replay. */
export const replayDescription = {
  ...{ ...common, method: "post", path: `${ONE}/replay`, operationId: "replayWebhooks", pathParameters },
  ...{ summary: "Send messages to an endpoint again", graphql: "Mutation.replayWebhooks" },
  ...{ query: nothing, body: replaySchema },
  answers: {
    200: {
      description: "They are on their way.",
      schema: Type.Object({ deliveries: Type.Integer(from("WebhooksReplayed.deliveries")) }),
    },
  },
  refusals: CHANGED,
} as const satisfies RouteDescription<typeof nothing, typeof replaySchema>;

const deliveryQuery = Type.Object(
  {
    tenant_id: tenantIdSchema,
    endpoint_id: Type.Optional(Type.String({ maxLength: MAX_ID, description: "Only those to this endpoint." })),
    message_id: Type.Optional(Type.String({ maxLength: MAX_ID, description: "Only those of this message." })),
    state: Type.Optional(Type.Enum([...DELIVERY_STATES], { description: "Only those that stand here." })),
    type: Type.Optional(Type.String({ maxLength: MAX_ID, description: "Only those of messages of this type." })),
    from: Type.Optional(moment({ description: "Only those made at this moment or later." })),
    to: Type.Optional(moment({ description: "Only those made before this moment." })),
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "How many, 1 to 1,000." })),
    after: Type.Optional(Type.String({ maxLength: 1_000, description: "`next_cursor` of the page before." })),
  },
  { additionalProperties: false },
);

/** GET /api/v2/webhook-deliveries. */
export const deliveriesDescription = {
  ...{ ...common, method: "get", path: "/api/v2/webhook-deliveries", operationId: "listWebhookDeliveries" },
  summary: "Deliveries of webhooks, the newest first",
  graphql: "Query.webhookDeliveries",
  ...{ query: deliveryQuery, body: noBody },
  answers: {
    200: {
      description: "A page of deliveries of the last 30 days.",
      schema: Type.Object({
        deliveries: Type.Array(deliverySchema, { description: "The deliveries of this page." }),
        next_cursor: orNull(Type.String(), { description: "Where the next page begins; null on the last one." }),
      }),
    },
  },
  refusals: READ,
} as const satisfies RouteDescription<typeof deliveryQuery, typeof noBody>;

/** Every address about webhooks, in the order of the document. */
export const webhookDescriptions: readonly RouteDescription[] = [
  ...[endpointsDescription, createEndpointDescription, endpointDescription, updateEndpointDescription],
  ...[pauseEndpointDescription, resumeEndpointDescription, removeEndpointDescription, rotateSecretDescription],
  ...[testEndpointDescription, replayDescription, deliveriesDescription],
];
