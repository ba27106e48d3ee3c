import type { Caller } from "@tessera/contracts/caller";
import { isUuid, parseAnomalyId, parseRuleId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { keepsIncidents, wordsOf, type Channel, type ChannelDefinition } from "../../domain/notify/channel.ts";
import { checkChannel } from "../../domain/notify/check-channel.ts";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import { mailOf } from "../../domain/notify/kinds/email.ts";
import { opsgenieAlert } from "../../domain/notify/kinds/opsgenie.ts";
import { pagerDutyEvent } from "../../domain/notify/kinds/pagerduty.ts";
import { slackBot, slackWebhook } from "../../domain/notify/kinds/slack.ts";
import { smsRequest, smsText } from "../../domain/notify/kinds/sms.ts";
import { teamsBody } from "../../domain/notify/kinds/teams.ts";
import { webhookRequest } from "../../domain/notify/kinds/webhook.ts";
import { viewOfGroup } from "../../domain/notify/group.ts";
import { handOver } from "../../domain/notify/hand-over.ts";
import { messageOf, type Message } from "../../domain/notify/message.ts";
import type { SendOutcome } from "../../domain/notify/retry.ts";
import { MAX_SAMPLES, sampleAlerts } from "../../domain/notify/sample.ts";
import { smsSize, type SmsSize } from "../../domain/notify/sms-text.ts";
import type { ChannelStore } from "../../store/notify/channel-store.ts";
import type { TemplateStore } from "../../store/notify/template-store.ts";
import type { Delivery, DeliveryListStore } from "../../store/webhooks/delivery-list-store.ts";
import type { ChannelSecrets } from "./channel-secrets.ts";
import type { SendMessage } from "./send-message.ts";

/** What trying channels needs. */
export interface TryChannelDeps {
  readonly channels: Pick<ChannelStore, "findSealed">;
  readonly secrets: Pick<ChannelSecrets, "open">;
  readonly templates: Pick<TemplateStore, "list">;
  readonly send: SendMessage;
  /** By which a sample becomes a message of an endpoint. */
  readonly handed: Pick<DeliveryListStore, "send">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** How a channel would be told. */
export interface NotificationPreview {
  readonly title: string;
  readonly text: string;
  /** What would be sent to the receiver, with stars in place of the credential. */
  readonly sent: string;
  /** Null but for short messages. */
  readonly sms: SmsSize | null;
}

/** What stands in a preview where a credential would. */
const STARS = "****";
/** The group that a preview of several alerts tells of. */
const SAMPLE_GROUP = { id: "sample", labels: { rule: "Sample rule" }, members: [], more: 0 } as const;
const PREVIEW_MAILBOX = "notifications@example.com";
const PREVIEW_CHANNEL = "00000000-0000-0000-0000-000000000000";

const samples = ({ newId, nowMs }: Pick<TryChannelDeps, "newId" | "nowMs">, caller: Caller, count: number) => {
  const ruleId = parseRuleId(newId());
  if (ruleId === null) throw new Error("The source of ids gave no UUID.");
  const newAnomalyId = () => {
    const id = parseAnomalyId(newId());
    if (id === null) throw new Error("The source of ids gave no UUID.");
    return id;
  };
  return sampleAlerts({ tenantId: caller.tenantId, ruleId, newAnomalyId }, count, nowMs());
};

/** What is sent, as the receiver gets it. */
const writtenFor = ({ settings }: ChannelDefinition, message: Message, nowMs: number): string => {
  switch (settings.kind) {
    case "EMAIL":
      return mailOf({ from: PREVIEW_MAILBOX, recipients: settings.recipients, channelId: "preview" }, message).html;
    case "SLACK":
      return settings.by === "WEBHOOK"
        ? slackWebhook(STARS, message).body
        : slackBot({ api: "", token: STARS, conversation: settings.conversation, thread: null }, message).body;
    case "TEAMS":
      return teamsBody(message);
    case "PAGERDUTY":
      return pagerDutyEvent({ api: "", routingKey: STARS }, message).body;
    case "OPSGENIE":
      return opsgenieAlert({ api: "", apiKey: STARS, teams: settings.teams }, message).body;
    case "SMS": {
      const { gateway, from, numbers, maxParts } = settings;
      return smsRequest({ gateway, from, number: numbers[0] ?? "", secret: STARS }, message, maxParts).body;
    }
    case "WEBHOOK":
      return settings.by === "URL"
        ? webhookRequest({ url: settings.url, sign: null }, message, nowMs).body
        : handOver({ channelId: PREVIEW_CHANNEL, message }, { id: settings.endpointId, ordering: "NONE" }, "").body;
    case "IN_APP":
      return message.text;
  }
};

/** Renders what a channel like this would be told of so many alerts, in its tenant's words where it has none, and sends nothing; refuses with BAD_INPUT. */
export const previewNotification =
  (deps: Pick<TryChannelDeps, "templates" | "nowMs" | "newId">) =>
  async (caller: Caller, input: ChannelInput, alerts: number): Promise<NotificationPreview> => {
    if (alerts < 1 || alerts > MAX_SAMPLES)
      throw refuse("BAD_INPUT", `A preview is of 1 to ${MAX_SAMPLES} alerts.`, { field: "alerts" });
    const { definition: own } = checkChannel(input);
    const tenants = (await deps.templates.list(caller.tenantId)).find(({ kind }) => kind === own.settings.kind);
    const definition = { ...own, templates: wordsOf(own.templates, tenants ?? null) };
    const nowMs = deps.nowMs();
    const told = samples(deps, caller, alerts);
    const isGroup = alerts > 1 && !keepsIncidents(definition.settings.kind);
    const group = isGroup ? viewOfGroup({ ...SAMPLE_GROUP, episode: deps.newId() }, told) : null;
    const message = messageOf({
      ...{ id: deps.newId(), channel: definition, alerts: told, unlisted: 0, wait: alerts === 1 ? "NOW" : "GROUP" },
      ...{ atMs: nowMs, group },
    });
    const { settings } = definition;
    return {
      ...{ title: message.title, text: message.text, sent: writtenFor(definition, message, nowMs) },
      sms: settings.kind === "SMS" ? smsSize(smsText(message, settings.maxParts)) : null,
    };
  };

/** A channel that was tried, and what its receiver said. */
export interface TestedChannel {
  readonly channel: Channel;
  readonly outcome: SendOutcome;
  /** The endpoint's delivery that the sample was handed over to; null of other channels. */
  readonly webhook: Delivery | null;
}

/** Sends a sample to a channel at once, past quiet hours, digests and caps; null when there is no such channel. */
export const testChannel =
  (deps: TryChannelDeps) =>
  async (caller: Caller, id: string, signal: AbortSignal | undefined): Promise<TestedChannel | null> => {
    const found = isUuid(id) ? await deps.channels.findSealed(caller.tenantId, id.toLowerCase()) : null;
    if (found === null) return null;
    const { channel, sealed, tenants } = found;
    const said = { ...channel, templates: wordsOf(channel.templates, tenants) };
    const secret = sealed === null ? null : await deps.secrets.open(caller.tenantId, channel.id, sealed);
    const message = messageOf({
      ...{
        id: deps.newId(),
        channel: said,
        alerts: samples(deps, caller, 1),
        unlisted: 0,
        wait: "NOW",
        atMs: deps.nowMs(),
      },
    });
    const outcome = await deps.send({
      ...{ channel, secret, message, thread: null, done: [], onDone: () => Promise.resolve(true) },
      ...(signal === undefined ? {} : { signal }),
    });
    const { handed } = outcome.kind === "HANDED_OVER" ? outcome : { handed: null };
    const [webhook = null] = handed === null ? [] : await deps.handed.send(caller.tenantId, handed, deps.nowMs());
    return { channel, outcome, webhook };
  };
