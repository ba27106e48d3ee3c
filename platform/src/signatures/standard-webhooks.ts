import { createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";

/** How a webhook is signed: `v1` with a secret both sides know, `v1a` with a key pair of which the receiver knows the public half. */
export const WEBHOOK_SIGNATURE_KINDS = ["HMAC_SHA256", "ED25519"] as const;

/** One of {@link WEBHOOK_SIGNATURE_KINDS}. */
export type WebhookSignatureKind = (typeof WEBHOOK_SIGNATURE_KINDS)[number];

/** A secret as it is shown once: `whsec_` and `whsk_` are to be kept secret, `whpk_` is what a receiver verifies ed25519 with. */
export interface NewWebhookSecret {
  readonly kind: WebhookSignatureKind;
  readonly secret: string;
  /** Null for HMAC, where the secret itself verifies. */
  readonly publicKey: string | null;
}

/** Bytes of a secret: the specification asks for 24 to 64 for HMAC; an ed25519 seed has 32 (RFC 8032). */
const SECRET_BYTES = 32;
const MIN_HMAC_BYTES = 24;
const MAX_HMAC_BYTES = 64;
/** What stands before a seed in a private key of RFC 8410, and before a public key in its SubjectPublicKeyInfo. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_BYTES_BEFORE_KEY = 12;

const privateKeyOf = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

const keyOf = (secret: string): { readonly kind: WebhookSignatureKind; readonly bytes: Buffer } => {
  const [, prefix, encoded = ""] = /^(whsec_|whsk_)(.*)$/.exec(secret) ?? [];
  const bytes = Buffer.from(BASE64.test(encoded) ? encoded : "", "base64");
  if (prefix === "whsec_" && bytes.byteLength >= MIN_HMAC_BYTES && bytes.byteLength <= MAX_HMAC_BYTES)
    return { kind: "HMAC_SHA256", bytes };
  if (prefix === "whsk_" && bytes.byteLength === SECRET_BYTES) return { kind: "ED25519", bytes };
  throw new Error("A webhook secret is `whsec_` with 24 to 64 bytes or `whsk_` with 32, in base64.");
};

/** Makes a secret of 32 bytes that `random` gives. */
export const newWebhookSecret = (
  kind: WebhookSignatureKind,
  random: (bytes: number) => Uint8Array,
): NewWebhookSecret => {
  const bytes = Buffer.from(random(SECRET_BYTES));
  if (kind === "HMAC_SHA256") return { kind, secret: `whsec_${bytes.toString("base64")}`, publicKey: null };
  const spki = createPublicKey(privateKeyOf(bytes)).export({ format: "der", type: "spki" });
  const publicKey = `whpk_${spki.subarray(SPKI_BYTES_BEFORE_KEY).toString("base64")}`;
  return { kind, secret: `whsk_${bytes.toString("base64")}`, publicKey };
};

/** What is signed of a webhook. */
export interface SignedWebhook {
  /** `webhook-id`: no full stop in it. */
  readonly id: string;
  /** `webhook-timestamp`: seconds since the epoch, of the attempt. */
  readonly timestamp: number;
  /** The body, as it is sent. */
  readonly body: string;
}

/**
 * The header fields of a webhook (Standard Webhooks 1.0.0): `webhook-signature` has one signature for each secret, so that receivers go on while secrets
 * are rotated. Throws when a secret is none.
 */
export const webhookHeaders = (secrets: readonly string[], signed: SignedWebhook) => {
  const content = `${signed.id}.${signed.timestamp}.${signed.body}`;
  const signatures = secrets.map((secret) => {
    const { kind, bytes } = keyOf(secret);
    return kind === "HMAC_SHA256"
      ? `v1,${createHmac("sha256", bytes).update(content).digest("base64")}`
      : `v1a,${sign(null, Buffer.from(content), privateKeyOf(bytes)).toString("base64")}`;
  });
  return {
    "webhook-id": signed.id,
    "webhook-timestamp": String(signed.timestamp),
    "webhook-signature": signatures.join(" "),
  };
};
