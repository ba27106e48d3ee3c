import { uuidOf } from "@tessera/platform/integrity/digest";
import type { Endpoint } from "../webhooks/endpoint.ts";
import { bodyOf } from "../webhooks/message.ts";
import { notificationEventType } from "../webhooks/notification-event-type.ts";
import { orderingKey, subjectOf } from "../webhooks/wants.ts";
import { webhookData } from "./kinds/webhook.ts";
import type { HandedMessage } from "./handed-message.ts";
import type { Message } from "./message.ts";

/** Makes of what a channel tells a message of the endpoint that it names: as large as the endpoint's others may be, and in the endpoint's order. */
export const handOver = (
  { channelId, message }: { readonly channelId: string; readonly message: Message },
  endpoint: Pick<Endpoint, "id" | "ordering">,
  graphUrl: string,
): HandedMessage => {
  const { id, atMs } = message;
  const told = notificationEventType.tell({ ...webhookData(message), channelId, atMs });
  if (told === null) throw new Error("Whatever a channel tells can be told by a webhook.");
  const subject = subjectOf(notificationEventType, told);
  return {
    ...{ id, type: notificationEventType.name, subject },
    body: bodyOf(notificationEventType, told, { readAtMs: atMs, graphUrl }),
    to: [
      {
        ...{ id: uuidOf(`${id}:${endpoint.id}`), endpointId: endpoint.id, notifyDeliveryId: id },
        orderingKey: orderingKey(endpoint, subject),
      },
    ],
  };
};

/** Why nothing can be handed over to an endpoint; null: it can. */
export const whyNotHandedOver = (endpoint: Pick<Endpoint, "state" | "disabledBecause"> | null): string | null => {
  if (endpoint === null) return "The webhook endpoint that the channel names was deleted: name another";
  if (endpoint.state !== "DISABLED") return null;
  const because = endpoint.disabledBecause === "GONE" ? "it answered 410 Gone" : "every attempt of days failed";
  return `The webhook endpoint that the channel names is disabled, for ${because}: resume it`;
};
