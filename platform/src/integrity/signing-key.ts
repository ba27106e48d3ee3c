import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import { compactVerify, CompactSign, decodeProtectedHeader } from "jose";
import { z } from "zod";
import { canonicalJson } from "./canonical-json.ts";

/** What an Ed25519 private key of 32 bytes is preceded by in PKCS8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SEED_BYTES = 32;
/** The one algorithm of signatures made here (RFC 9864). */
const ALGORITHM = "Ed25519";

/** A public key as it is handed out (RFC 7517, RFC 8037); `kid` is its thumbprint (RFC 7638). */
export interface PublicSigningKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly alg: "Ed25519";
  readonly use: "sig";
  readonly kid: string;
}

/** Keys of one purpose: the first one signs, the signatures of all are good. */
export interface SigningKeys {
  /** The newest first. */
  readonly publicKeys: readonly PublicSigningKey[];
  /** Signs a text as a compact JWS (RFC 7515) of one type. */
  readonly sign: (type: string, payload: string) => Promise<string>;
  /** The text that was signed under that type by one of the keys; null when it was not. */
  readonly verify: (type: string, jws: string) => Promise<string | null>;
}

const publicJwk = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });

const derive = (secret: string, purpose: string): { readonly key: KeyObject; readonly jwk: PublicSigningKey } => {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", purpose, SEED_BYTES));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const named = publicJwk.parse(createPublicKey(key).export({ format: "jwk" }));
  const kid = createHash("sha256")
    .update(canonicalJson({ crv: named.crv, kty: named.kty, x: named.x }))
    .digest("base64url");
  return { key, jwk: { ...named, alg: ALGORITHM, use: "sig", kid } };
};

/** The one Ed25519 key that {@link signingKeysOf} derives from a secret for a purpose, for signatures that are no JWS. */
export const signingPairOf = (
  secret: string,
  purpose: string,
): { readonly key: KeyObject; readonly publicJwk: PublicSigningKey } => {
  const { key, jwk } = derive(secret, purpose);
  return { key, publicJwk: jwk };
};

/** The public keys that {@link signingKeysOf} derives from the same secrets. */
export const publicKeysOf = (secrets: readonly string[], purpose: string): readonly PublicSigningKey[] =>
  secrets.map((secret) => derive(secret, purpose).jwk);

/**
 * Derives Ed25519 keys from secrets by HKDF-SHA256 (RFC 5869) under the name of a purpose, so that one secret serves several purposes
 * without one key telling of another. The first secret signs; the others are former ones, whose signatures stay good.
 */
export const signingKeysOf = (secrets: readonly [string, ...string[]], purpose: string): SigningKeys => {
  const derived = secrets.map((secret) => derive(secret, purpose));
  const [secret] = secrets;
  const { key, jwk } = derive(secret, purpose);
  const byId = new Map(derived.map((each) => [each.jwk.kid, createPublicKey(each.key)]));
  return {
    publicKeys: derived.map((each) => each.jwk),
    sign: (type, payload) =>
      new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg: ALGORITHM, kid: jwk.kid, typ: type })
        .sign(key),
    verify: async (type, jws) => {
      try {
        const { kid, typ } = decodeProtectedHeader(jws);
        const known = byId.get(kid ?? "");
        if (known === undefined || typ !== type) return null;
        const { payload } = await compactVerify(jws, known, { algorithms: [ALGORITHM] });
        return new TextDecoder("utf-8", { fatal: true }).decode(payload);
      } catch {
        return null;
      }
    },
  };
};
