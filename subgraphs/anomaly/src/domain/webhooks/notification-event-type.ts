import { z } from "zod";
import { SEVERITIES } from "../alerts/alert.ts";
import { alertEntry } from "./alert-event-types.ts";
import { eventType, idField, textField } from "./event-type.ts";

const ID = "01936f1e-7c00-7000-8000-0000000000";
const change = z.enum(["NEW", "CHANGED", "OVER", "STILL"]);
const data = z.strictObject({
  deliveryId: idField("The channel's delivery, whose UUID `webhook-id` has too."),
  channelId: idField("The channel."),
  action: z.enum(["TRIGGER", "ACKNOWLEDGE", "RESOLVE"]).meta({ description: "What it asks for." }),
  severity: z.enum(SEVERITIES).meta({ description: "That of the gravest alert." }),
  subject: z
    .string()
    .nullable()
    .meta({ description: "What messages about one thing have in common; null when it is about several." }),
  title: textField("One line, in the channel's words."),
  text: textField("The whole, in the channel's words."),
  count: z.int().meta({ description: "Alerts it is about." }),
  wait: z.enum(["NOW", "GROUP", "QUIET_HOURS", "DIGEST", "RATE_CAP"]).meta({ description: "Why it was told later." }),
  alerts: z.array(alertEntry).meta({ description: "The newest step of each alert, of at most 25." }),
  group: z
    .object({
      ...{ episode: z.string(), labels: z.record(z.string(), z.string()), state: z.enum(["BEGAN", "CHANGED", "OVER"]) },
      counts: z.object({ NEW: z.int(), CHANGED: z.int(), OVER: z.int(), STILL: z.int() }),
      changes: z.array(change),
    })
    .nullable()
    .meta({ description: "The group that it tells whole; null when it is about none." }),
  picture: z.string().nullable().meta({ description: "Where the picture of its one anomaly is; null of several." }),
});

const example = {
  ...{ deliveryId: `${ID}21`, channelId: `${ID}22`, action: "TRIGGER" as const, severity: "CRITICAL" as const },
  ...{ subject: `${ID}03`, title: "[CRITICAL] Checkout errors (country=DE): FIRING", count: 1, wait: "NOW" as const },
  ...{ text: "412 is above the band of 12 to 71.", alerts: [], group: null, picture: null, atMs: 1_795_000_000_000 },
};

/** What a channel tells that names an endpoint: no entry of the log brings it, and only the endpoint that is named is told. */
export const notificationEventType = eventType({
  name: "alert.notification",
  sentence: "What a notification channel tells that names this endpoint; told to no other.",
  ...{ permission: "anomaly:read", ofWholeTenant: true, topic: null },
  payload: data.extend({ atMs: z.number() }),
  data,
  read: ({ atMs: _at, ...same }) => same,
  at: ({ atMs }) => atMs,
  subject: ({ subject, deliveryId }) => subject ?? deliveryId,
  ids: ["deliveryId", "channelId", "action", "severity", "subject", "title", "text", "count", "wait"],
  question: ({ channelId }) =>
    `{ deliveries(filter: { channel: ${JSON.stringify(channelId)} }) { edges { node { id notices { anomalyId state } } } } }`,
  example,
});
