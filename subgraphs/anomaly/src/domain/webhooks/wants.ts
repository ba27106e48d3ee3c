import { beginningOf } from "@tessera/platform/text/whole-characters";
import type { Endpoint } from "./endpoint.ts";
import type { Told, WebhookEventType } from "./event-type.ts";

/** Whether an endpoint asks for a message: its type, and every label of its filter. Its own changes are told to the others alone. */
export const wants = (
  { id, eventTypes, labels }: Pick<Endpoint, "id" | "eventTypes" | "labels">,
  type: WebhookEventType,
  told: Told,
): boolean =>
  (eventTypes.length === 0 || eventTypes.includes(type.name)) &&
  labels.every(({ name, value }) => Object.hasOwn(told.labels, name) && told.labels[name] === value) &&
  !(type.name === "webhook.endpoint_changed" && told.data["endpointId"] === id);

/** Characters a subject may have. */
const MAX_SUBJECT = 300;

/** Names what a message is about among all of the tenant's; types of one topic share their subjects. */
export const subjectOf = (type: WebhookEventType, told: Told): string =>
  beginningOf(`${type.topic ?? type.name}:${told.subject}`, MAX_SUBJECT);

/** What a message waits behind at an endpoint: messages of an equal key are sent one after another; null: nothing. */
export const orderingKey = ({ ordering }: Pick<Endpoint, "ordering">, subject: string): string | null => {
  switch (ordering) {
    case "NONE":
      return null;
    case "SUBJECT":
      return subject;
    case "ALL":
      return "*";
  }
};
