import { randomUUID } from "node:crypto";
import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeChannel } from "../notify-examples.ts";
import { makeEscalation } from "../silence-examples.ts";
import { makeWebhookEndpoint } from "../webhook-examples.ts";

/** Places that take the id of a channel, by a fresh one of alpha where asking changes it. */
export const notifyPlaces = (client: () => TesseraClient) => {
  const selection = "{ __typename }";
  const fresh = (own: OwnThings): Promise<string> => makeChannel(client(), own);
  const byId = { own: fresh, variables: (id: string) => ({ id }), selection };
  return {
    "Query.channel(id)": { ...byId, selection: "{ name kind version }" },
    "Mutation.createChannel(input.webhook.endpoint)": {
      own: (own: OwnThings) => makeWebhookEndpoint(client(), own),
      variables: (endpoint: string) => ({ input: { name: randomUUID(), webhook: { endpoint } } }),
      selection,
    },
    "Mutation.updateChannel(id)": {
      ...byId,
      variables: (id: string) => ({ id, version: 1, input: { name: `changed ${id}`, inApp: {} } }),
    },
    "Mutation.deleteChannel(id)": byId,
    "Mutation.testChannel(id)": byId,
    "Mutation.setNotificationRoutes(root.channels)": {
      own: fresh,
      // Of no version there is: what the tenant's own channel leads to is that it is over.
      variables: (id: string) => ({ version: -1, root: { name: "all", channels: [id] } }),
      selection,
    },
    "Mutation.setNotificationRoutes(root.escalation)": {
      own: (own: OwnThings) => makeEscalation(client(), own),
      variables: (escalation: string) => ({ version: -1, root: { name: "all", escalation } }),
      selection,
    },
  };
};

/** Ids that are compared with what is the caller's own, and looked up as nothing. */
export const notifyWords = {
  "Query.deliveries(filter.channel)": "see subgraphs/anomaly/src/operations/notify/notify-graph.db.test.ts",
  "Query.deliveries(filter.anomaly)": "see subgraphs/anomaly/src/operations/notify/notify-graph.db.test.ts",
  "Mutation.updateChannel(input.webhook.endpoint)":
    "asked as Mutation.createChannel(input.webhook.endpoint) is, see subgraphs/anomaly/src/jobs/notify/named-endpoints.db.test.ts",
  "Query.previewNotification(channel.webhook.endpoint)": "nothing is looked up: what would be sent does not name it",
  "Mutation.defineReport(input.channels)": "asked as Query.channel(id) is, see tests/journeys/mailed-reports.spec.ts",
  "Mutation.markNotificationsRead(upTo)": "a place in the caller's own inbox, whoever's it is otherwise",
};
