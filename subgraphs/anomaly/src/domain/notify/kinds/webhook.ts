import { createHmac } from "node:crypto";
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
    },
  });

/**
 * A message as JSON, with the headers of Standard Webhooks (1.0.0): `webhook-id` is the same however often it is tried, and with a secret the signature is
 * HMAC-SHA256 over id, time and body.
 */
export const webhookRequest = (
  to: { readonly url: string; readonly secret: string | null },
  message: Message,
  nowMs: number,
): Transmission => {
  const body = bodyOf(message);
  const timestamp = String(Math.floor(nowMs / 1_000));
  const plain = { ...JSON_HEADERS, "webhook-id": message.id, "webhook-timestamp": timestamp };
  if (to.secret === null) return { method: "POST", url: to.url, headers: plain, body };
  const key = Buffer.from(to.secret.slice(SECRET_PREFIX.length), "base64");
  const signature = createHmac("sha256", key).update(`${message.id}.${timestamp}.${body}`).digest("base64");
  return { method: "POST", url: to.url, headers: { ...plain, "webhook-signature": `v1,${signature}` }, body };
};

/** Whether a text is a secret of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
export const isWebhookSecret = (text: string): boolean => {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const encoded = text.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(encoded, "base64");
  return bytes.toString("base64") === encoded && bytes.byteLength >= 24 && bytes.byteLength <= 64;
};
