import { webhookHeaders } from "@tessera/platform/signatures/standard-webhooks";
import { PublicRequestError, type PublicRequests } from "@tessera/platform/http/public-request";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Channel, Region } from "../../domain/notify/channel.ts";
import { mailOf, type MailPage, type MailPicture } from "../../domain/notify/kinds/email.ts";
import { opsgenieAlert, readOpsgenie } from "../../domain/notify/kinds/opsgenie.ts";
import { pagerDutyEvent, readPagerDuty } from "../../domain/notify/kinds/pagerduty.ts";
import { readSlackBot, readSlackWebhook, slackBot, slackWebhook } from "../../domain/notify/kinds/slack.ts";
import { smsRequest } from "../../domain/notify/kinds/sms.ts";
import { readTeams, teamsWebhook } from "../../domain/notify/kinds/teams.ts";
import { byStatus, type ReadAnswer, type Transmission } from "../../domain/notify/kinds/transmission.ts";
import { webhookRequest } from "../../domain/notify/kinds/webhook.ts";
import { handOver, whyNotHandedOver } from "../../domain/notify/hand-over.ts";
import type { Message } from "../../domain/notify/message.ts";
import type { SendOutcome } from "../../domain/notify/retry.ts";
import type { EndpointStore } from "../../store/webhooks/endpoint-store.ts";
import type { Mailer } from "./mailer.ts";

/** Milliseconds a receiver may take to answer. */
export const SEND_MS = 15_000;
/** Bytes of an answer that are read: more than any of them says. */
const MAX_ANSWER_BYTES = 8_192;

/** The status by which a receiver asks for fewer requests. */
const TOO_MANY = 429;

/** Where known providers are asked. */
export interface Providers {
  readonly slack: string;
  readonly pagerDuty: Readonly<Record<Region, string>>;
  readonly opsgenie: Readonly<Record<Region, string>>;
}

/** The providers themselves. */
export const PROVIDERS: Providers = {
  slack: "https://slack.com",
  pagerDuty: { US: "https://events.pagerduty.com", EU: "https://events.eu.pagerduty.com" },
  opsgenie: { US: "https://api.opsgenie.com", EU: "https://api.eu.opsgenie.com" },
};

/** What sending needs. */
export interface SendDeps {
  /** Endpoints that channels name. */
  readonly endpoints: Pick<EndpointStore, "find">;
  /** Address clients use; empty where nobody has said it. */
  readonly publicUrl: () => string;
  readonly requests: PublicRequests;
  /** Null when the operator has configured no relay. */
  readonly mailer: Mailer | null;
  readonly providers: Providers;
  readonly nowMs: NowMs;
}

/** A message on its way. */
export interface Sending {
  readonly channel: Channel;
  /** Null for a channel that has none. */
  readonly secret: string | null;
  readonly message: Message;
  /** What a mail shows; left out: nothing. */
  readonly pictures?: readonly MailPicture[];
  /** What a mail shows in place of its message; left out: its message. */
  readonly page?: MailPage;
  /** Where the conversation about its subject goes on. */
  readonly thread: string | null;
  /** Recipients of a message that is sent to each by itself who have it. */
  readonly done: readonly string[];
  /** Keeps that one more has it; false when somebody else sends it now. */
  readonly onDone: (recipient: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
}

/** Sends messages by every kind of channel. */
export type SendMessage = (sending: Sending) => Promise<SendOutcome>;

const noRelay: SendOutcome = {
  ...{ kind: "REFUSED", code: null, disables: true },
  said: "The operator has configured no relay for mails.",
};
const noSecret: SendOutcome = {
  ...{ kind: "REFUSED", code: null, disables: true },
  said: "The channel has no credential.",
};

/** Faults that lie in an address itself: nothing but another one heals them. */
const FOR_GOOD: ReadonlySet<string> = new Set(["NOT_A_URL", "NOT_HTTPS", "CREDENTIALS", "NOT_PUBLIC"]);

const exchange = async (
  { requests, nowMs }: SendDeps,
  transmission: Transmission,
  read: ReadAnswer,
  signal: AbortSignal | undefined,
): Promise<SendOutcome> => {
  try {
    const bounds = { timeoutMs: SEND_MS, maxAnswerBytes: MAX_ANSWER_BYTES };
    const answer = await requests.send({ ...transmission, ...bounds, ...(signal === undefined ? {} : { signal }) });
    return read({ status: answer.status, headers: answer.headers, text: answer.body.toString("utf8") }, nowMs());
  } catch (error) {
    if (!(error instanceof PublicRequestError)) throw error;
    if (FOR_GOOD.has(error.fault)) return { kind: "REFUSED", code: null, said: error.message, disables: true };
    return { kind: "TRY_AGAIN", code: null, said: error.message, retryAfterMs: null };
  }
};

/** Whether an answer says of the gateway, and not of one number, that it takes nothing now: there was none, or it asks for fewer. */
const isOfGateway = (code: number | null): boolean => code === null || code === TOO_MANY;

/** Sends to each number that has not got it yet; what can't be sent to one of them now keeps nothing from the others, unless it is the gateway that takes nothing. */
const sendSms = async (deps: SendDeps, sending: Sending): Promise<SendOutcome> => {
  const { channel, secret, message } = sending;
  if (channel.settings.kind !== "SMS") throw new Error("Short messages are sent by channels of their kind.");
  const { gateway, from, numbers, maxParts } = channel.settings;
  let [last, refused, later]: (SendOutcome | null)[] = [null, null, null];
  for (const number of numbers) {
    if (sending.done.includes(number)) continue;
    const request = smsRequest({ gateway, from, number, secret: secret ?? "" }, message, maxParts);
    last = await exchange(deps, request, byStatus, sending.signal);
    if (last.kind === "REFUSED" && last.disables) return last;
    if (last.kind === "TRY_AGAIN") {
      later ??= last;
      if (isOfGateway(last.code)) return last;
      continue;
    }
    // What is refused of one number holds up no other.
    if (last.kind === "REFUSED") refused = last;
    if (!(await sending.onDone(number))) break;
  }
  return later ?? refused ?? last ?? { kind: "SENT", code: null, said: "Every number has it." };
};

/** Sends to the mailboxes that have not got it yet, in one mail; those of them that have it now are put down where others are tried again. */
const sendMail = async ({ mailer }: SendDeps, sending: Sending): Promise<SendOutcome> => {
  const { channel, message, done } = sending;
  if (channel.settings.kind !== "EMAIL") throw new Error("Mails are sent by channels of their kind.");
  if (mailer === null) return noRelay;
  const to = { from: mailer.from, recipients: channel.settings.recipients, channelId: channel.id, done };
  const mail = mailOf(to, message, sending.pictures, sending.page);
  if (mail.missing.length === 0) return { kind: "SENT", code: null, said: "Every mailbox has it." };
  const outcome = await mailer.send(mail);
  for (const one of outcome.kind === "TRY_AGAIN" ? (outcome.taken ?? []) : []) if (!(await sending.onDone(one))) break;
  // Others have it: what is refused of the rest disables nothing, as where a relay refuses some of a mail at once.
  if (outcome.kind === "REFUSED" && outcome.disables && done.length > 0)
    return { kind: "SENT", code: outcome.code, said: outcome.said };
  return outcome;
};

const sendBySecret = (deps: SendDeps, sending: Sending, secret: string): Promise<SendOutcome> => {
  const { channel, message, thread, signal } = sending;
  const { settings } = channel;
  switch (settings.kind) {
    case "SLACK": {
      if (settings.by === "WEBHOOK") return exchange(deps, slackWebhook(secret, message), readSlackWebhook, signal);
      const to = { api: deps.providers.slack, token: secret, conversation: settings.conversation, thread };
      return exchange(deps, slackBot(to, message), readSlackBot, signal);
    }
    case "TEAMS":
      return exchange(deps, teamsWebhook(secret, message), readTeams, signal);
    case "PAGERDUTY": {
      const to = { api: deps.providers.pagerDuty[settings.region], routingKey: secret };
      return exchange(deps, pagerDutyEvent(to, message), readPagerDuty, signal);
    }
    case "OPSGENIE": {
      const to = { api: deps.providers.opsgenie[settings.region], apiKey: secret, teams: settings.teams };
      return exchange(deps, opsgenieAlert(to, message), readOpsgenie, signal);
    }
    case "EMAIL":
    case "SMS":
    case "WEBHOOK":
    case "IN_APP":
      throw new Error("This kind needs no secret.");
  }
};

/** What becomes of a message to an endpoint: it is the endpoint's from the transaction on that settles its delivery, and waits while nothing can be. */
const sendToEndpoint = async (
  { endpoints, publicUrl }: SendDeps,
  { channel: { tenantId, id: channelId }, message }: Sending,
  endpointId: string,
): Promise<SendOutcome> => {
  const endpoint = await endpoints.find(tenantId, endpointId);
  const why = whyNotHandedOver(endpoint);
  if (endpoint === null || why !== null)
    return { kind: "REFUSED", code: null, said: why ?? "", disables: true, keeps: true };
  const handed = handOver({ channelId, message }, endpoint, `${publicUrl()}/graphql`);
  const rests = endpoint.state === "PAUSED" ? ", which is paused: it waits there" : "";
  return { kind: "HANDED_OVER", code: null, said: `Handed over to the webhook endpoint${rests}.`, handed };
};

const sendToAddress = (deps: SendDeps, { secret, message, signal }: Sending, url: string): Promise<SendOutcome> => {
  const sign = secret === null ? null : webhookHeaders.bind(null, [secret]);
  return exchange(deps, webhookRequest({ url, sign }, message, deps.nowMs()), byStatus, signal);
};

/** Builds {@link SendMessage}. Inboxes and endpoints take a message in the transaction that settles its delivery: nothing is sent before. */
export const createSendMessage =
  (deps: SendDeps): SendMessage =>
  async (sending) => {
    const { channel, secret } = sending;
    const { settings } = channel;
    switch (settings.kind) {
      case "EMAIL":
        return sendMail(deps, sending);
      case "SMS":
        return sendSms(deps, sending);
      case "WEBHOOK":
        return settings.by === "URL"
          ? sendToAddress(deps, sending, settings.url)
          : sendToEndpoint(deps, sending, settings.endpointId);
      case "IN_APP":
        return { kind: "SENT", code: null, said: "Put into inboxes." };
      case "SLACK":
      case "TEAMS":
      case "PAGERDUTY":
      case "OPSGENIE":
        return secret === null ? noSecret : sendBySecret(deps, sending, secret);
    }
  };
