import { AUTHENTICATION_FAILED } from "@tessera/contracts/events/authentication-failed";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { DASHBOARD_PRESENCE_CHANGED } from "@tessera/contracts/events/dashboard-presence-changed";
import { EXECUTION_RECORDED } from "@tessera/contracts/events/execution-recorded";
import { PERSON_ERASURE_WISHED } from "@tessera/contracts/events/person-erasure";
import { alertEventTypes } from "./alert-event-types.ts";
import type { WebhookEventType } from "./event-type.ts";
import { incidentEventTypes } from "./incident-event-types.ts";
import { notificationEventType } from "./notification-event-type.ts";
import { setupEventTypes } from "./setup-event-types.ts";
import { tenantEventTypes } from "./tenant-event-types.ts";
import { workEventTypes } from "./work-event-types.ts";

/** The catalogue: every type of message, by name. */
export const webhookEventTypes: readonly WebhookEventType[] = [
  ...alertEventTypes,
  ...incidentEventTypes,
  notificationEventType,
  ...setupEventTypes,
  ...tenantEventTypes,
  ...workEventTypes,
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** The type of what `testWebhookEndpoint` sends. */
export const TEST_TYPE = "webhook.test";

/** Topics of the event log that no webhook tells, and why. */
export const UNTOLD_TOPICS: Readonly<Record<string, string>> = {
  [AUTHENTICATION_FAILED]: "What the watch for abuse counts; what it finds is told as security.event.",
  [BATCH_STORED]: "Told for each batch of events, many times a second; exports and subscriptions are made for it.",
  [DASHBOARD_PRESENCE_CHANGED]: "Who looks at a dashboard this second; it is over before a message arrives.",
  [EXECUTION_RECORDED]: "One entry for each call of the API; the audit log is read for it.",
  "notification.added":
    "A message to one person in the application, told by channels; what it tells of is told here too.",
  [PERSON_ERASURE_WISHED]: "It names who is to be erased; person.erased names nobody.",
};

const byName: ReadonlyMap<string, WebhookEventType> = new Map(webhookEventTypes.map((type) => [type.name, type]));

/** The type of this name; null when there is none. */
export const findEventType = (name: string): WebhookEventType | null => byName.get(name) ?? null;

/** Topics that webhooks tell of, each once. */
export const toldTopics: readonly string[] = [
  ...new Set(webhookEventTypes.flatMap(({ topic }) => (topic === null ? [] : [topic]))),
];

/** The types an entry of a topic may be told as. */
export const typesOfTopic = (topic: string): readonly WebhookEventType[] =>
  webhookEventTypes.filter((type) => type.topic === topic);
