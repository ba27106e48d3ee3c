import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeWebhookEndpoint, makeWebhooks } from "../webhook-examples.ts";

/** Places that take the id of an endpoint of webhooks or of a message, by fresh ones of alpha where asking changes them. */
export const webhookPlaces = (client: () => TesseraClient) => {
  const selection = "{ __typename }";
  const nodes = "{ edges { node { endpointId messageId } } }";
  const fresh = (own: OwnThings): Promise<string> => makeWebhookEndpoint(client(), own);
  const byId = { own: fresh, variables: (id: string) => ({ id }), selection };
  const FROM = "2026-01-01T00:00:00Z";
  return {
    "Query.webhookEndpoint(id)": {
      own: ({ webhookEndpointId }: OwnThings) => webhookEndpointId,
      variables: (id: string) => ({ id }),
      selection: "{ url description secrets { id } }",
    },
    "Query.webhookDeliveries(filter.endpointId)": {
      own: ({ webhookEndpointId }: OwnThings) => webhookEndpointId,
      variables: (endpointId: string) => ({ filter: { endpointId } }),
      selection: nodes,
    },
    "Query.webhookDeliveries(filter.messageId)": {
      own: ({ webhookMessageId }: OwnThings) => webhookMessageId,
      variables: (messageId: string) => ({ filter: { messageId } }),
      selection: nodes,
    },
    "Mutation.updateWebhookEndpoint(id)": {
      own: fresh,
      variables: (id: string) => ({ id, input: { description: "changed" } }),
      selection,
    },
    "Mutation.deleteWebhookEndpoint(id)": byId,
    "Mutation.rotateWebhookSecret(id)": byId,
    "Mutation.pauseWebhookEndpoint(id)": byId,
    "Mutation.resumeWebhookEndpoint(id)": byId,
    "Mutation.testWebhookEndpoint(id)": byId,
    "Mutation.replayWebhooks(input.endpointId)": {
      own: fresh,
      variables: (endpointId: string) => ({ input: { endpointId, from: FROM } }),
      selection,
    },
    "Mutation.replayWebhooks(input.messageIds)": {
      own: async (own: OwnThings) => {
        const { webhookEndpointId, webhookMessageId } = await makeWebhooks(client(), own);
        endpointOf.set(webhookMessageId, webhookEndpointId);
        return webhookMessageId;
      },
      variables: (id: string) => ({
        input: { endpointId: endpointOf.get(id) ?? [...endpointOf.values()].at(-1), messageIds: [id] },
      }),
      selection,
    },
  };
};

/** Endpoints of the messages that were made to be asked about. */
const endpointOf = new Map<string, string>();
