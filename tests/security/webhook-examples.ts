import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** Webhooks as a tenant has them. */
export interface OwnWebhooks {
  readonly mark: string;
  readonly webhookEndpointId: string;
  /** A test that was sent to it, or is to be. */
  readonly webhookMessageId: string;
}

/** A public address by its form, of a network that nobody has: whatever is sent to it goes nowhere. */
const NOBODYS_URL = "https://[2000::1]/hook";

/** Variables of the root fields about webhooks; what tests make happen is of no type that is asked for. */
export const webhookExamples = {
  "Query.webhookEndpoint": ({ webhookEndpointId }: OwnWebhooks) => ({ id: webhookEndpointId }),
  "Query.webhookEndpoints": () => ({}),
  "Query.webhookDeliveries": ({ webhookEndpointId }: OwnWebhooks) => ({ filter: { endpointId: webhookEndpointId } }),
  "Query.webhookEventTypes": () => ({}),
  "Mutation.createWebhookEndpoint": ({ mark }: OwnWebhooks) => ({
    input: { url: NOBODYS_URL, description: mark, eventTypes: ["tenant.scaled"] },
  }),
  "Mutation.updateWebhookEndpoint": ({ webhookEndpointId, mark }: OwnWebhooks) => ({
    ...{ id: webhookEndpointId, input: { description: `${mark} changed` } },
  }),
  "Mutation.deleteWebhookEndpoint": ({ webhookEndpointId }: OwnWebhooks) => ({ id: webhookEndpointId }),
  "Mutation.rotateWebhookSecret": ({ webhookEndpointId }: OwnWebhooks) => ({ id: webhookEndpointId, overlapHours: 0 }),
  "Mutation.pauseWebhookEndpoint": ({ webhookEndpointId }: OwnWebhooks) => ({ id: webhookEndpointId }),
  "Mutation.resumeWebhookEndpoint": ({ webhookEndpointId }: OwnWebhooks) => ({ id: webhookEndpointId }),
  "Mutation.testWebhookEndpoint": ({ webhookEndpointId }: OwnWebhooks) => ({ id: webhookEndpointId }),
  "Mutation.replayWebhooks": ({ webhookEndpointId, webhookMessageId }: OwnWebhooks) => ({
    input: { endpointId: webhookEndpointId, messageIds: [webhookMessageId] },
  }),
};

const NOBODYS = { webhookEndpointId: "", webhookMessageId: "" };

/** Makes an endpoint; answers its id. */
export const makeWebhookEndpoint = async (
  client: TesseraClient,
  { mark }: Pick<OwnWebhooks, "mark">,
): Promise<string> => {
  const shape = z.object({ createWebhookEndpoint: z.object({ endpoint: z.object({ id: z.string() }) }) });
  const text = `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
    ... on WebhookEndpointSaved { endpoint { id } } } }`;
  const variables = webhookExamples["Mutation.createWebhookEndpoint"]({ ...NOBODYS, mark });
  return (await client.ask(shape, text, variables)).createWebhookEndpoint.endpoint.id;
};

/** Makes an endpoint with a test on its way to it. */
export const makeWebhooks = async (
  client: TesseraClient,
  own: Pick<OwnWebhooks, "mark">,
): Promise<Omit<OwnWebhooks, "mark">> => {
  const webhookEndpointId = await makeWebhookEndpoint(client, own);
  const shape = z.object({ testWebhookEndpoint: z.object({ delivery: z.object({ messageId: z.string() }) }) });
  const text = `mutation ($id: ID!) { testWebhookEndpoint(id: $id) { ... on WebhookTestSent { delivery { messageId } } } }`;
  const { delivery } = (await client.ask(shape, text, { id: webhookEndpointId })).testWebhookEndpoint;
  return { webhookEndpointId, webhookMessageId: delivery.messageId };
};
