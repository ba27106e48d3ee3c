import type { Message } from "../message.ts";
import { JSON_HEADERS, type Transmission } from "./transmission.ts";

/** What a webhook's secret begins with when it is one of Standard Webhooks. */
const SECRET_PREFIX = "whsec_";

const bodyOf = (message: Message): string =>
  JSON.stringify({
    type: "alert.notification",
    timestamp: new Date(message.atMs).toISOString(),
    data: {
      ...{ deliveryId: message.id, action: message.action, severity: message.severity, subject: message.subject },
      ...{ title: message.title, text: message.text, count: message.count, wait: message.wait, alerts: message.alerts },
      ...{ group: message.group, picture: message.picture },
    },
  });

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
