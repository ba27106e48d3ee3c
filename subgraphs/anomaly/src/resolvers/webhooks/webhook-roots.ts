import { webhookEventTypes } from "../../domain/webhooks/event-types.ts";
import type { MutationResolvers, QueryResolvers } from "../../generated/resolvers.ts";
import { toCreated, toNumbered, toReplayed, toRotated, toStanding, toUpdated } from "./webhook-views.ts";

/** Root queries of webhooks. */
export const webhookQueries = {
  webhookEndpoint: (_root, { id }, { caller, webhooks }) => webhooks.findWebhookEndpoint(caller, id),
  webhookEndpoints: (_root, _arguments, { caller, webhooks }) => webhooks.listWebhookEndpoints(caller),
  webhookDeliveries: (_root, asked, { caller, webhooks }) =>
    webhooks.listWebhookDeliveries(caller, asked).then(toNumbered),
  webhookEventTypes: () => webhookEventTypes,
} satisfies QueryResolvers;

/** Root mutations of webhooks. */
export const webhookMutations = {
  createWebhookEndpoint: (_root, { input }, { caller, webhooks }) =>
    webhooks.createWebhookEndpoint(caller, input).then(toCreated),
  updateWebhookEndpoint: (_root, { id, input }, { caller, webhooks }) =>
    webhooks.updateWebhookEndpoint(caller, id, input).then((outcome) => toUpdated(id, outcome)),
  deleteWebhookEndpoint: (_root, { id }, { caller, webhooks }) =>
    webhooks
      .deleteWebhookEndpoint(caller, id)
      .then((deleted) => ({ __typename: deleted ? "WebhookEndpointDeleted" : "WebhookEndpointNotFound", id }) as const),
  rotateWebhookSecret: (_root, { id, ...asked }, { caller, webhooks }) =>
    webhooks.rotateWebhookSecret(caller, id, asked).then((outcome) => toRotated(id, outcome)),
  pauseWebhookEndpoint: (_root, { id }, { caller, webhooks }) =>
    webhooks.pauseWebhookEndpoint(caller, id).then((outcome) => toStanding(id, outcome)),
  resumeWebhookEndpoint: (_root, { id }, { caller, webhooks }) =>
    webhooks.resumeWebhookEndpoint(caller, id).then((outcome) => toStanding(id, outcome)),
  testWebhookEndpoint: (_root, { id }, { caller, webhooks }) =>
    webhooks
      .testWebhookEndpoint(caller, id)
      .then((delivery) =>
        delivery === null
          ? ({ __typename: "WebhookEndpointNotFound", id } as const)
          : ({ __typename: "WebhookTestSent", delivery } as const),
      ),
  replayWebhooks: (_root, { input }, { caller, webhooks }) =>
    webhooks.replayWebhooks(caller, input).then((outcome) => toReplayed(input.endpointId, outcome)),
} satisfies MutationResolvers;
