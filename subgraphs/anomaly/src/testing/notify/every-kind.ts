import { randomBytes } from "node:crypto";
import { createPublicRequests, type PublicRequests } from "@tessera/platform/http/public-request";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import { messageOf } from "../../domain/notify/message.ts";
import { createSendMessage } from "../../operations/notify/send-message.ts";
import { alertOf, NOTIFY_EPOCH_MS } from "./notify-room.ts";
import { KNOWN } from "./receivers.ts";
import { channelOf, SAMPLE_DELIVERY } from "./sample-channel.ts";

/** The secret by which webhooks of these tests are signed. */
export const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString("base64")}`;
/** Tenant of the alerts that are sent. */
export const SENDING_TENANT = freshTenantId();

const gateway = {
  ...{ headers: [{ name: "X-Token", value: "{{secret}}" }], secret: KNOWN.smsToken },
  numbers: ["+493012345678", "+493087654321"],
};

/** A channel of each kind that is asked over HTTP, as its receiver at an address wants it. */
export const EVERY_KIND: Readonly<Record<string, (url: string) => ChannelInput>> = {
  "Slack's webhooks": (url) => ({ name: "a", slack: { webhookUrl: `${url}${KNOWN.slackWebhook}` } }),
  "Slack's bots": () => ({ name: "b", slack: { botToken: KNOWN.slackToken, conversation: KNOWN.slackChannel } }),
  Teams: (url) => ({ name: "c", teams: { webhookUrl: `${url}${KNOWN.teams}` } }),
  PagerDuty: () => ({ name: "d", pagerDuty: { routingKey: KNOWN.routingKey, region: "EU" } }),
  Opsgenie: () => ({ name: "e", opsgenie: { apiKey: KNOWN.apiKey, teams: ["Shop"] } }),
  "gateways of short messages": (url) => ({
    name: "sms",
    sms: { ...gateway, url: `${url}/sms`, body: '{"to":"{{to}}","text":"{{text}}","id":"{{id}}"}' },
  }),
  "gateways that take forms": (url) => ({
    name: "form",
    sms: { ...gateway, url: `${url}/sms`, contentType: "FORM", body: "to={{to}}&text={{text}}&id={{id}}" },
  }),
  webhooks: (url) => ({ name: "g", webhook: { url: `${url}/hook`, secret: WEBHOOK_SECRET } }),
};

/** What differs of a message that is sent to an address. */
export interface SentTo {
  readonly url: string;
  readonly alert?: Partial<AlertChanged>;
  readonly done?: readonly string[];
  readonly thread?: string;
  readonly secret?: string;
  readonly requests?: PublicRequests;
}

/** Sends what a channel of some kind says of one alert to an address, where all providers are; says what became of it. */
export const sendTo = async (input: ChannelInput, { url, ...more }: SentTo) => {
  const sendMessage = createSendMessage({
    requests: more.requests ?? createPublicRequests({ allowLoopback: true }),
    mailer: null,
    ...{ endpoints: { find: () => Promise.resolve(null) }, publicUrl: () => "" },
    providers: {
      slack: url,
      pagerDuty: { US: "http://127.0.0.1:1", EU: url },
      opsgenie: { US: url, EU: "http://127.0.0.1:1" },
    },
    nowMs: () => NOTIFY_EPOCH_MS,
  });
  const { channel, secret } = channelOf(input);
  const done: string[] = [...(more.done ?? [])];
  const message = messageOf({
    ...{ id: SAMPLE_DELIVERY, channel, alerts: [alertOf(SENDING_TENANT, more.alert)], unlisted: 0, wait: "NOW" },
    ...{ atMs: NOTIFY_EPOCH_MS, publicUrl: "https://tessera.example" },
  });
  const onDone = (recipient: string) => Promise.resolve(done.push(recipient) > 0);
  const outcome = await sendMessage({
    ...{ channel, secret: more.secret ?? secret, message, thread: more.thread ?? null, done: more.done ?? [], onDone },
  });
  return { outcome, message, done };
};
