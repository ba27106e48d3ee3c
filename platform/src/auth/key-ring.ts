import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from "jose";

/** Bytes of a ring key: AES-256. */
const KEY_BYTES = 32;
/** Keys a ring may hold: the one that seals, and those that still open what they sealed. */
const MAX_RING_KEYS = 16;
const ENTRY = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/;

/** Seals small secrets for keeping (JWE compact, RFC 7516: `dir` with A256GCM); what any key of the ring sealed can be opened. */
export interface KeyRing {
  /** Names of its keys; the first seals. */
  readonly keyNames: readonly [string, ...string[]];
  /** `purpose` is bound to what is sealed: it opens under the same purpose alone. */
  seal(purpose: string, text: string): Promise<string>;
  /** Throws when no key of the ring sealed it, it was altered, or it was sealed for another purpose. */
  open(purpose: string, sealed: string): Promise<string>;
}

/** Name of the key that sealed a text; null when it tells none. The text is not opened, so nothing vouches for the name. */
export const sealedWith = (sealed: string): string | null => {
  try {
    return decodeProtectedHeader(sealed).kid ?? null;
  } catch {
    return null;
  }
};

/** Purpose a text was sealed for; null when it tells none. It opens under that purpose alone, which is what vouches for it. */
export const sealedFor = (sealed: string): string | null => {
  try {
    return decodeProtectedHeader(sealed).typ ?? null;
  } catch {
    return null;
  }
};

/**
 * Reads a ring, `name:key` with commas between, each key 32 bytes in base64url; the first seals, all open. To rotate, put a new one in
 * front and drop an old one when nothing it sealed is kept any more, which the authorization server's resealing tells. Throws on anything else, without repeating it.
 */
export const readKeyRing = (text: string): KeyRing => {
  const entries = text.split(",").map((entry) => ENTRY.exec(entry.trim()));
  const keys = new Map<string, Uint8Array>();
  for (const entry of entries) {
    const [, name, encoded] = entry ?? [];
    const key = encoded === undefined ? null : new Uint8Array(Buffer.from(encoded, "base64url"));
    if (name === undefined || key === null || key.byteLength !== KEY_BYTES || keys.has(name))
      throw new Error("A key ring is `name:key` with commas between: different names, keys of 32 bytes in base64url.");
    keys.set(name, key);
  }
  const [first] = keys;
  if (first === undefined || keys.size > MAX_RING_KEYS) throw new Error(`A key ring has 1 to ${MAX_RING_KEYS} keys.`);
  const [sealsWith, sealingKey] = first;
  return {
    keyNames: [sealsWith, ...[...keys.keys()].slice(1)],
    seal: (purpose, clear) =>
      new CompactEncrypt(new TextEncoder().encode(clear))
        .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: sealsWith, typ: purpose })
        .encrypt(sealingKey),
    open: async (purpose, sealed) => {
      const { plaintext, protectedHeader } = await compactDecrypt(
        sealed,
        ({ kid }) => {
          const key = keys.get(kid ?? "");
          if (key === undefined) throw new Error("The key that sealed this is not in the key ring.");
          return key;
        },
        { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] },
      );
      if (protectedHeader.typ !== purpose) throw new Error("This was sealed for another purpose.");
      return new TextDecoder().decode(plaintext);
    },
  };
};
