import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

/** What a fake receiver answers in place of its own judgement. */
export type Fault =
  | { readonly kind: "ANSWER"; readonly status: number; readonly body?: string; readonly retryAfter?: string }
  | { readonly kind: "DISCONNECT" }
  | { readonly kind: "SILENCE" };

/** A request as a fake receiver got it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Local servers that check what the real ones check, and answer as they do. */
export interface Receivers {
  readonly url: string;
  /** Requests that were accepted, in order. */
  readonly accepted: Received[];
  /** What is answered next, whatever is asked; each once. */
  readonly faults: Fault[];
  readonly close: () => Promise<void>;
}

/** Credentials the fakes know. */
export const KNOWN = {
  slackWebhook: "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
  slackToken: "xoxb-000000000000-known-token",
  slackChannel: "C0123456789",
  teams: "/workflows/abc/triggers/manual/paths/invoke?sig=known",
  routingKey: "0123456789abcdef0123456789abcdef",
  apiKey: "11111111-2222-3333-4444-555555555555",
  smsToken: "known-sms-token",
} as const;

const JSON_BODY = /^application\/json(?:; charset=utf-8)?$/i;
const FORM = /^application\/x-www-form-urlencoded$/i;
/** Bytes of an event that PagerDuty takes, and characters of all details that Opsgenie does. */
const [PAGERDUTY_BYTES, OPSGENIE_DETAILS] = [512 * 1_024, 8_000];

interface Verdict {
  readonly status: number;
  readonly body: string;
}
const verdict = (status: number, body: unknown): Verdict => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

const slackBlocks = z.array(
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("header"),
      text: z.strictObject({ type: z.literal("plain_text"), text: z.string().min(1).max(150), emoji: z.boolean() }),
    }),
    z.strictObject({
      type: z.literal("section"),
      text: z.strictObject({ type: z.literal("mrkdwn"), text: z.string().min(1).max(3_000), verbatim: z.boolean() }),
    }),
  ]),
);
const slackMessage = {
  text: z.string().min(1).max(40_000),
  attachments: z
    .array(z.strictObject({ color: z.string().regex(/^#[0-9A-F]{6}$/), blocks: slackBlocks.max(50) }))
    .max(20),
  unfurl_links: z.boolean(),
  unfurl_media: z.boolean(),
};
const slackPost = z.strictObject({
  ...slackMessage,
  channel: z.string(),
  metadata: z.strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.string()) }),
  thread_ts: z
    .string()
    .regex(/^\d+\.\d+$/)
    .optional(),
  reply_broadcast: z.boolean().optional(),
});

const teamsCard = z.strictObject({
  type: z.literal("message"),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        contentUrl: z.null(),
        content: z.object({
          type: z.literal("AdaptiveCard"),
          version: z.literal("1.4"),
          body: z.array(z.object({ type: z.literal("TextBlock"), text: z.string().min(1), wrap: z.boolean() })).min(1),
        }),
      }),
    )
    .length(1),
});

const pagerDutyEvent = z.strictObject({
  routing_key: z.string().length(32),
  event_action: z.enum(["trigger", "acknowledge", "resolve"]),
  dedup_key: z.string().min(1).max(255),
  client: z.string(),
  links: z.array(z.strictObject({ href: z.url(), text: z.string() })).optional(),
  payload: z.strictObject({
    summary: z.string().min(1).max(1_024),
    source: z.string().min(1),
    severity: z.enum(["critical", "error", "warning", "info"]),
    timestamp: z.iso.datetime(),
    component: z.string(),
    class: z.string(),
    custom_details: z.record(z.string(), z.unknown()),
  }),
});

const opsgenieCreation = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().min(1).max(512),
  description: z.string().max(15_000),
  source: z.string().max(100),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]),
  responders: z
    .array(z.strictObject({ type: z.literal("team"), name: z.string().min(1) }))
    .max(50)
    .optional(),
  tags: z.array(z.string().max(50)).max(20),
  entity: z.string().max(512),
  details: z
    .record(z.string(), z.string())
    .refine((all) => Object.entries(all).flat().join("").length <= OPSGENIE_DETAILS),
});
const opsgenieStep = z.strictObject({ source: z.string().max(100), note: z.string().max(25_000) });

/** A text as the readers of JSON that these providers use take it: none takes half of a surrogate pair, written as an escape. */
const whole = (_name: string, value: unknown): unknown => {
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) throw new Error("This is no text.");
  return value;
};

const parsed = <T>(schema: z.ZodType<T>, body: string): T | null => {
  try {
    return schema.parse(JSON.parse(body, whole));
  } catch {
    return null;
  }
};

let sequence = 0;

const slackWebhook = ({ path, body }: Received): Verdict => {
  if (path !== KNOWN.slackWebhook) return verdict(404, "no_service");
  return parsed(z.strictObject(slackMessage), body) === null ? verdict(400, "invalid_payload") : verdict(200, "ok");
};

const slackApi = ({ headers, body }: Received): Verdict => {
  if (headers.authorization !== `Bearer ${KNOWN.slackToken}`) return verdict(200, { ok: false, error: "invalid_auth" });
  const post = parsed(slackPost, body);
  if (post === null) return verdict(200, { ok: false, error: "invalid_arguments" });
  if (post.channel !== KNOWN.slackChannel) return verdict(200, { ok: false, error: "channel_not_found" });
  sequence += 1;
  return verdict(200, { ok: true, channel: post.channel, ts: `1700000000.${String(sequence).padStart(6, "0")}` });
};

const teams = ({ path, body }: Received): Verdict => {
  if (path !== KNOWN.teams) return verdict(401, { error: { code: "DirectApiAuthorizationRequired" } });
  if (Buffer.byteLength(body) > 28_000) return verdict(413, { error: { code: "RequestEntityTooLarge" } });
  return parsed(teamsCard, body) === null
    ? verdict(400, { error: { code: "TriggerInputSchemaMismatch" } })
    : verdict(202, "");
};

const pagerDuty = ({ body }: Received): Verdict => {
  if (Buffer.byteLength(body) > PAGERDUTY_BYTES) return verdict(413, "Payload too large");
  const event = parsed(pagerDutyEvent, body);
  const invalid = (...errors: string[]): Verdict =>
    verdict(400, { status: "invalid event", message: "Event object is invalid", errors });
  if (event === null) return invalid("'payload' is missing or blank");
  if (event.routing_key !== KNOWN.routingKey) return invalid("'routing_key' is invalid");
  return verdict(202, { status: "success", message: "Event processed", dedup_key: event.dedup_key });
};

const opsgenie = ({ path, headers, body }: Received): Verdict => {
  if (headers.authorization !== `GenieKey ${KNOWN.apiKey}`)
    return verdict(401, { message: "Key format is not valid!" });
  const isStep = /^\/v2\/alerts\/[^/]{1,1536}\/(?:acknowledge|close)\?identifierType=alias$/.test(path);
  if (!isStep && path !== "/v2/alerts") return verdict(404, { message: "No such operation" });
  const isValid = isStep ? parsed(opsgenieStep, body) !== null : parsed(opsgenieCreation, body) !== null;
  return isValid
    ? verdict(202, {
        result: "Request will be processed",
        took: 0.1,
        requestId: "43a29c5c-3dbf-4fa4-9c26-f4f71023e120",
      })
    : verdict(422, { message: "Request body is not processable" });
};

const shortMessage = z.strictObject({ to: z.string().regex(/^\+\d{7,15}$/), text: z.string().min(1), id: z.string() });
const formOf = (body: string): string => JSON.stringify(Object.fromEntries(new URLSearchParams(body)));

const sms = ({ headers, body }: Received): Verdict => {
  if (headers["x-token"] !== KNOWN.smsToken) return verdict(401, { error: "token" });
  const isForm = FORM.test(headers["content-type"] ?? "");
  const message = parsed(shortMessage, isForm ? formOf(body) : body);
  return message === null ? verdict(400, { error: "message" }) : verdict(200, { queued: true });
};

const judge = (received: Received): Verdict => {
  const { path } = received;
  if (path.startsWith("/services/")) return slackWebhook(received);
  if (path === "/api/chat.postMessage") return slackApi(received);
  if (path.startsWith("/workflows/")) return teams(received);
  if (path === "/v2/enqueue") return pagerDuty(received);
  if (path.startsWith("/v2/alerts")) return opsgenie(received);
  if (path === "/sms") return sms(received);
  if (path !== "/hook") return verdict(404, "nothing here");
  return parsed(z.looseObject({ type: z.string() }), received.body) === null
    ? verdict(400, "no JSON")
    : verdict(204, "");
};

/** What none of them takes, whatever it says. Gateways of short messages take forms, too. */
const refusedByForm = ({ method, headers, url }: IncomingMessage): Verdict | null => {
  if (method !== "POST") return verdict(405, "POST alone");
  const type = headers["content-type"] ?? "";
  return JSON_BODY.test(type) || (url === "/sms" && FORM.test(type)) ? null : verdict(415, "JSON alone");
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
};

const answer = (response: ServerResponse, { status, body }: Verdict, retryAfter?: string): void => {
  response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter });
  response.end(status === 204 ? undefined : body);
};

/** Opens {@link Receivers} on one port of this machine. */
export const openReceivers = async (): Promise<Receivers> => {
  const [accepted, faults]: [Received[], Fault[]] = [[], []];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = { path: request.url ?? "", headers: request.headers, body: await readBody(request) };
    const fault = faults.shift();
    if (fault?.kind === "DISCONNECT") return void request.socket.destroy();
    if (fault?.kind === "SILENCE") return;
    if (fault !== undefined) return answer(response, verdict(fault.status, fault.body ?? ""), fault.retryAfter);
    const own = refusedByForm(request) ?? judge(received);
    const isSlackError = own.body.includes('"ok":false');
    if (own.status < 300 && !isSlackError) accepted.push(received);
    answer(response, own);
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The receivers listen on a port.");
  return {
    ...{ url: `http://127.0.0.1:${address.port}`, accepted, faults },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
