import { constants, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { z } from "zod";

/** Algorithms a message may be signed with (RFC 9421, 3.3): asymmetric ones alone, since a shared secret proves nothing to a third party. */
export const SIGNATURE_ALGORITHMS = ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"] as const;

/** One of {@link SIGNATURE_ALGORITHMS}. */
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** Bits an RSA modulus has at least and at most: below it can be broken, above it costs the verifier more than an honest key would. */
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 4_096;
/** Bytes of salt in rsa-pss-sha512 (RFC 9421, 3.3.1). */
const PSS_SALT_BYTES = 64;

const base64url = z.string().regex(/^[A-Za-z0-9_-]{1,1024}$/);
const named = {
  kid: z.string().max(256).optional(),
  use: z.literal("sig").optional(),
  alg: z.string().max(32).optional(),
};
/** A public key and nothing else (RFC 7517): a private part would make it a secret that was given away. */
const publicJwk = z.discriminatedUnion("kty", [
  z.strictObject({ ...named, kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: base64url }),
  z.strictObject({ ...named, kty: z.literal("EC"), crv: z.literal("P-256"), x: base64url, y: base64url }),
  z.strictObject({ ...named, kty: z.literal("RSA"), n: base64url, e: base64url }),
]);

/** A public key with the one algorithm it verifies: the key decides, never the message. */
export interface MessageKey {
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
}

const algorithmOf = (key: KeyObject): SignatureAlgorithm | null => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519") return "ed25519";
  if (type === "ec") return details?.namedCurve === "prime256v1" ? "ecdsa-p256-sha256" : null;
  const bits = details?.modulusLength ?? 0;
  return type === "rsa" && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? "rsa-pss-sha512" : null;
};

/** Reads a public JWK: Ed25519, P-256, or RSA of 2,048 to 4,096 bits; null when it is none of these, or holds more than a public key. */
export const readMessageKey = (jwk: unknown): MessageKey | null => {
  const parsed = publicJwk.safeParse(jwk);
  if (!parsed.success) return null;
  const { kid: _kid, use: _use, alg: _alg, ...parts } = parsed.data;
  try {
    const key = createPublicKey({ key: parts, format: "jwk" });
    const algorithm = algorithmOf(key);
    return algorithm === null ? null : { algorithm, key };
  } catch {
    return null;
  }
};

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES } as const;

/** True when the signature over these bytes is of the key, under the key's own algorithm. */
export const verifyBytes = ({ algorithm, key }: MessageKey, bytes: Uint8Array, signature: Uint8Array): boolean => {
  if (algorithm === "ed25519") return verify(null, bytes, key, signature);
  if (algorithm === "rsa-pss-sha512") return verify("sha512", bytes, { key, ...PSS }, signature);
  return verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
};

/** Signs bytes with an Ed25519 private key. */
export const signBytes = (key: KeyObject, bytes: Uint8Array): Buffer => sign(null, bytes, key);
