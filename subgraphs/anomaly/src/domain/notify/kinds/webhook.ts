import { beginningOf } from "@tessera/platform/text/whole-characters";
import { MAX_BODY_BYTES } from "../../webhooks/message.ts";
import type { Message } from "../message.ts";
import { JSON_HEADERS, type Transmission } from "./transmission.ts";

/** What a webhook's secret begins with when it is one of Standard Webhooks. */
const SECRET_PREFIX = "whsec_";

/** What webhooks tell of a message, whoever sends them. */
export const webhookData = (message: Message) => ({
  ...{ deliveryId: message.id, action: message.action, severity: message.severity, subject: message.subject },
  ...{ title: message.title, text: message.text, count: message.count, wait: message.wait, alerts: message.alerts },
  ...{ group: message.group, picture: message.picture },
});

/** Characters that stay of a text in turn, where a body would be too large without its alerts. */
const SHORTER_TEXTS = [2_000, 500, 100] as const;

/** What is told of a message, the whole first, then less and less: the last alerts are left out, the text is cut, and at last nothing is said of its group. */
function* lessAndLess(message: Message): Generator<ReturnType<typeof webhookData>> {
  const data = webhookData(message);
  const { alerts, group, text } = data;
  const first = (kept: number) => ({
    ...{ ...data, alerts: alerts.slice(0, kept) },
    group: group && { ...group, changes: group.changes.slice(0, kept) },
  });
  for (let kept = alerts.length; kept >= 0; kept -= 1) yield first(kept);
  for (const most of SHORTER_TEXTS) yield { ...first(0), text: beginningOf(text, most) };
  yield { ...first(0), text: "", group: null };
}

const bodyOf = (message: Message): string => {
  const head = { type: "alert.notification", timestamp: new Date(message.atMs).toISOString() };
  let body = "";
  for (const data of lessAndLess(message)) {
    body = JSON.stringify({ ...head, data });
    if (Buffer.byteLength(body) < MAX_BODY_BYTES) return body;
  }
  return body;
};

/** What is signed of a webhook; its time is in seconds. */
export interface Signed {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

/** A message as JSON, with the headers of Standard Webhooks (1.0.0): `webhook-id` is the same however often it is tried; `sign` null: without a signature. */
export const webhookRequest = (
  to: { readonly url: string; readonly sign: ((signed: Signed) => Readonly<Record<string, string>>) | null },
  message: Message,
  nowMs: number,
): Transmission => {
  const body = bodyOf(message);
  const signed = { id: message.id, timestamp: Math.floor(nowMs / 1_000), body };
  const plain = { "webhook-id": signed.id, "webhook-timestamp": String(signed.timestamp) };
  return { method: "POST", url: to.url, headers: { ...JSON_HEADERS, ...plain, ...to.sign?.(signed) }, body };
};

/** Whether a text is a secret of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
export const isWebhookSecret = (text: string): boolean => {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const encoded = text.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(encoded, "base64");
  return bytes.toString("base64") === encoded && bytes.byteLength >= 24 && bytes.byteLength <= 64;
};
