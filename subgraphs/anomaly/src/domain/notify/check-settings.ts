import { refuse } from "@tessera/platform/errors/refusal";
import { CHANNEL_LIMITS, type ChannelKind, type ChannelSettings } from "./channel.ts";
import type { ChannelInput } from "./channel-input.ts";
import { isMailbox } from "./kinds/email.ts";
import { SMS_PLACES, unknownPlaces } from "./kinds/sms.ts";
import { isWebhookSecret } from "./kinds/webhook.ts";

/** What a channel is told by, and the secret that was given. */
export interface CheckedSettings {
  readonly settings: ChannelSettings;
  readonly secret: string | null;
}

type Given<Kind extends keyof ChannelInput> = NonNullable<ChannelInput[Kind]>;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field: `input.${field}` });

const checkUrl = (text: string, where: string): string => {
  if (text.length > CHANNEL_LIMITS.secret || !URL.canParse(text))
    throw bad(where, "This is not an address: `https://host/path` is one.");
  return text;
};

const checkSecret = (text: string | null | undefined, where: string): string | null => {
  if (text === null || text === undefined) return null;
  if (text === "" || text.length > CHANNEL_LIMITS.secret || /[^\u0021-\u007E]/.test(text))
    throw bad(where, `A credential is 1 to ${CHANNEL_LIMITS.secret} printable characters without spaces.`);
  return text;
};

const checkList = (
  list: readonly string[],
  where: string,
  [least, most]: readonly [number, number],
  problem: (one: string) => string | null,
): readonly string[] => {
  const all = [...new Set(list.map((one) => one.trim()))];
  if (all.length < least || all.length > most) throw bad(where, `Between ${least} and ${most} are named.`);
  for (const [place, one] of all.entries()) {
    const wrong = problem(one);
    if (wrong !== null) throw bad(`${where}.${place}`, wrong);
  }
  return all;
};

const email = ({ recipients }: Given<"email">): CheckedSettings => {
  const found = checkList(recipients, "email.recipients", [1, CHANNEL_LIMITS.recipients], (one) =>
    isMailbox(one) ? null : "This is not one mailbox: `ada@example.com` is one.",
  );
  return { settings: { kind: "EMAIL", recipients: found }, secret: null };
};

const slack = ({ webhookUrl, botToken, conversation }: Given<"slack">): CheckedSettings => {
  const secretUrl = checkSecret(webhookUrl, "slack.webhookUrl");
  const token = checkSecret(botToken, "slack.botToken");
  if (typeof conversation !== "string") {
    if (token !== null)
      throw bad("slack.conversation", "A bot is told into which conversation: `C024BE91L` is the id of one.");
    if (secretUrl !== null) checkUrl(secretUrl, "slack.webhookUrl");
    return { settings: { kind: "SLACK", by: "WEBHOOK" }, secret: secretUrl };
  }
  if (secretUrl !== null)
    throw bad("slack.webhookUrl", "A webhook has its conversation: give a bot's token, or no conversation.");
  if (!/^[A-Z0-9]{2,20}$|^#[\w-]{1,80}$/.test(conversation))
    throw bad("slack.conversation", "A conversation is named by its id, `C024BE91L`, or its name, `#alerts`.");
  if (token !== null && !/^xox[bp]-/.test(token))
    throw bad("slack.botToken", "The token of a bot begins with `xoxb-`.");
  return { settings: { kind: "SLACK", by: "BOT", conversation }, secret: token };
};

const teams = ({ webhookUrl }: Given<"teams">): CheckedSettings => {
  const secret = checkSecret(webhookUrl, "teams.webhookUrl");
  if (secret !== null) checkUrl(secret, "teams.webhookUrl");
  return { settings: { kind: "TEAMS" }, secret };
};

const pagerDuty = ({ routingKey, region = "US" }: Given<"pagerDuty">): CheckedSettings => {
  const secret = checkSecret(routingKey, "pagerDuty.routingKey");
  if (secret !== null && !/^[A-Za-z0-9]{32}$/.test(secret))
    throw bad("pagerDuty.routingKey", "A routing key of the Events API v2 has 32 letters and digits.");
  return { settings: { kind: "PAGERDUTY", region }, secret };
};

const opsgenie = ({ apiKey, region = "US", teams: named }: Given<"opsgenie">): CheckedSettings => {
  const list = checkList(named ?? [], "opsgenie.teams", [0, 50], (one) =>
    one !== "" && one.length <= 100 ? null : "A team's name has 1 to 100 characters.",
  );
  return { settings: { kind: "OPSGENIE", region, teams: list }, secret: checkSecret(apiKey, "opsgenie.apiKey") };
};

/** Parts of a short message unless more or fewer are asked for. */
const DEFAULT_PARTS = 3;
const CONTENT_TYPES = { JSON: "application/json", FORM: "application/x-www-form-urlencoded" } as const;
/** Header fields that are the connection's or the message's own. */
const RESERVED =
  /^(?:host|content-length|content-type|transfer-encoding|connection|te|trailer|upgrade|expect|keep-alive|proxy-.*)$/i;

const checkPlaces = (text: string, where: string): string => {
  const [unknown] = unknownPlaces(text);
  if (unknown !== undefined)
    throw bad(where, `There is no \`{{${unknown}}}\`: these are put in: ${SMS_PLACES.join(", ")}.`);
  return text;
};

const checkBody = (body: string, contentType: "JSON" | "FORM"): string => {
  if (body.length > CHANNEL_LIMITS.gatewayBody)
    throw bad("sms.body", `A body has at most ${CHANNEL_LIMITS.gatewayBody} characters.`);
  checkPlaces(body, "sms.body");
  if (!body.includes("{{text}}") || !body.includes("{{to}}"))
    throw bad("sms.body", "The body says what is sent to whom: it holds `{{text}}` and `{{to}}`.");
  if (contentType === "FORM") return body;
  try {
    // What is put in is escaped for a text of JSON, and is no value by itself: a number with its plus, words.
    JSON.parse(body.replaceAll(/\{\{[a-z]+\}\}/g, "x"));
  } catch (error) {
    throw refuse(
      "BAD_INPUT",
      'With its places filled in, the body is not JSON; each place stands within quotes: `"text": "{{text}}"`.',
      { field: "input.sms.body" },
      error,
    );
  }
  return body;
};

const sms = (input: Given<"sms">): CheckedSettings => {
  const { numbers, maxParts = DEFAULT_PARTS, contentType = "JSON", from } = input;
  const headers = input.headers ?? [];
  if (headers.length > CHANNEL_LIMITS.headers)
    throw bad("sms.headers", `At most ${CHANNEL_LIMITS.headers} header fields.`);
  for (const [place, { name, value }] of headers.entries()) {
    const where = `sms.headers.${place}`;
    if (!/^[A-Za-z0-9-]{1,64}$/.test(name) || RESERVED.test(name))
      throw bad(`${where}.name`, "This header field can't be set.");
    if (value.length > CHANNEL_LIMITS.secret || /[^\u0020-\u007E]/.test(value))
      throw bad(`${where}.value`, "A value is printable characters on one line.");
    checkPlaces(value, `${where}.value`);
  }
  const list = checkList(numbers, "sms.numbers", [1, CHANNEL_LIMITS.numbers], (one) =>
    /^\+[1-9]\d{6,14}$/.test(one) ? null : "A number is written as E.164 says: `+493012345678`.",
  );
  if (maxParts < 1 || maxParts > CHANNEL_LIMITS.smsParts)
    throw bad("sms.maxParts", `Between 1 and ${CHANNEL_LIMITS.smsParts} parts.`);
  if (typeof from === "string" && !/^[\w +.-]{1,20}$/.test(from))
    throw bad("sms.from", "A sender has 1 to 20 letters or digits.");
  const body = checkBody(input.body, contentType);
  const gateway = { url: checkUrl(input.url, "sms.url"), headers, contentType: CONTENT_TYPES[contentType], body };
  return {
    settings: { kind: "SMS", gateway, from: from ?? "", numbers: list, maxParts },
    secret: checkSecret(input.secret, "sms.secret"),
  };
};

const webhook = ({ url, endpoint, secret: given }: Given<"webhook">): CheckedSettings => {
  const secret = checkSecret(given, "webhook.secret");
  if (typeof endpoint === "string") {
    if (typeof url === "string")
      throw bad("webhook.url", "An endpoint has its address: give an `endpoint` or a `url`, and not both.");
    if (secret !== null) throw bad("webhook.secret", "An endpoint signs by its own secrets: leave this one out.");
    return { settings: { kind: "WEBHOOK", by: "ENDPOINT", endpointId: endpoint.toLowerCase() }, secret: null };
  }
  if (typeof url !== "string") throw bad("webhook.url", "Give an address, or the `endpoint` that has one.");
  if (secret !== null && !isWebhookSecret(secret))
    throw bad("webhook.secret", "A secret of Standard Webhooks is `whsec_` and 24 to 64 bytes in base64.");
  return { settings: { kind: "WEBHOOK", by: "URL", url: checkUrl(url, "webhook.url") }, secret };
};

const inApp = ({ persons }: Given<"inApp">): CheckedSettings => {
  const list = checkList(persons ?? [], "inApp.persons", [0, CHANNEL_LIMITS.persons], (one) =>
    /^(?:USER|API_KEY|CLIENT):[\x21-\x7E]{1,200}$/.test(one)
      ? null
      : "A person is named by kind and id: `USER:018f...`.",
  );
  return { settings: { kind: "IN_APP", persons: list }, secret: null };
};

/** Reads what a channel is told by: one kind, and what belongs to it; refuses with BAD_INPUT. */
export const readSettings = (input: ChannelInput): CheckedSettings => {
  const given = [
    ...(input.email ? [email(input.email)] : []),
    ...(input.slack ? [slack(input.slack)] : []),
    ...(input.teams ? [teams(input.teams)] : []),
    ...(input.pagerDuty ? [pagerDuty(input.pagerDuty)] : []),
    ...(input.opsgenie ? [opsgenie(input.opsgenie)] : []),
    ...(input.sms ? [sms(input.sms)] : []),
    ...(input.webhook ? [webhook(input.webhook)] : []),
    ...(input.inApp ? [inApp(input.inApp)] : []),
  ];
  const [one] = given;
  if (one === undefined || given.length > 1)
    throw refuse(
      "BAD_INPUT",
      "A channel is of one kind: give one of email, slack, teams, pagerDuty, opsgenie, sms, webhook, inApp.",
      {
        field: "input",
      },
    );
  return one;
};

/** Kinds that say nothing without a secret. */
const NEEDS_SECRET: ReadonlySet<ChannelKind> = new Set(["SLACK", "TEAMS", "PAGERDUTY", "OPSGENIE"]);

/** Whether a channel of this kind can't be told without a secret. */
export const needsSecret = (kind: ChannelKind): boolean => NEEDS_SECRET.has(kind);

/** Where a channel's address stands in its author's input. */
export const ADDRESS_FIELDS: Readonly<Partial<Record<ChannelKind, string>>> = {
  ...{ SLACK: "input.slack.webhookUrl", TEAMS: "input.teams.webhookUrl", SMS: "input.sms.url" },
  WEBHOOK: "input.webhook.url",
};

/** Addresses that a channel sends to, besides those of known providers: each is looked at before it is kept. */
export const addressesOf = (settings: ChannelSettings, secret: string | null): readonly string[] => {
  switch (settings.kind) {
    case "SLACK":
      return settings.by === "WEBHOOK" && secret !== null ? [secret] : [];
    case "TEAMS":
      return secret === null ? [] : [secret];
    case "SMS":
      return [settings.gateway.url];
    case "WEBHOOK":
      // What is sent to an endpoint is looked at as the endpoint's.
      return settings.by === "URL" ? [settings.url] : [];
    case "EMAIL":
    case "PAGERDUTY":
    case "OPSGENIE":
    case "IN_APP":
      return [];
  }
};
