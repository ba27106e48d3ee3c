import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { parseApiKeyId, type ApiKeyId } from "@tessera/contracts/ids";

/** How every API key begins, so that secret scanners recognise a leaked one. */
export const API_KEY_PREFIX = "tsr_live_";
/** How the token of every share link begins: a key of the same form, of a reader without an account. */
export const SHARE_LINK_PREFIX = "tsr_link_";
/** Characters of the public part: 36^16, about 82 bits, so that ids never meet by chance. */
export const API_KEY_ID_LENGTH = 16;
/** Characters of the secret part: 62^32, about 190 bits. */
export const API_KEY_SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;

/** Digits and lower-case letters. */
export const BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PATTERN = /^(tsr_(?:live|link)_)([0-9a-z]{16})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

/** Gives so many random bytes; an argument wherever chance matters, so that tests can set it. */
export type RandomBytes = (size: number) => Uint8Array;

/** A presented key as it is looked up: its public id, and the SHA-256 of the whole key in place of the key itself. */
export interface PresentedApiKey {
  readonly keyId: ApiKeyId;
  /** 64 hexadecimal digits in lower case. */
  readonly credentialHash: string;
}

/** A newly made key: the text to hand out once, and what to keep of it. */
export interface NewApiKey extends PresentedApiKey {
  readonly secret: string;
}

/** Random text over an alphabet: bytes from the source are used only below the largest multiple of the alphabet's length, so that every character is equally likely. */
export const randomText = (alphabet: string, length: number, randomBytes: RandomBytes): string => {
  const limit = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length)
    for (const byte of randomBytes(length))
      if (byte < limit && text.length < length) text += alphabet.charAt(byte % alphabet.length);
  return text;
};

/** CRC-32 (ISO 3309) of everything before it, in base 62, padded to six characters. */
const checksumOf = (body: string): string => {
  let rest = crc32(body);
  let text = "";
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    text = BASE62.charAt(rest % BASE62.length) + text;
    rest = Math.floor(rest / BASE62.length);
  }
  return text;
};

/** Writes a key as `tsr_live_<id>_<secret><checksum>` from its two random parts. */
export const formatApiKey = (id: string, secretPart: string, prefix: string = API_KEY_PREFIX): string => {
  const body = `${prefix}${id}_${secretPart}`;
  return `${body}${checksumOf(body)}`;
};

/** What a key is looked up and compared by: SHA-256 of its whole text, hexadecimal; the key's 190 random bits make a slow hash needless. */
export const credentialHashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

/** True when the text has the form of {@link credentialHashOf}. */
export const isCredentialHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** Reads a presented key; null when its form or checksum is wrong, so that a mistyped key costs no lookup. */
export const parseApiKey = (text: string): PresentedApiKey | null => {
  const [, prefix, id, secretPart] = PATTERN.exec(text) ?? [];
  if (id === undefined || secretPart === undefined || formatApiKey(id, secretPart, prefix) !== text) return null;
  const keyId = parseApiKeyId(id);
  return keyId === null ? null : { keyId, credentialHash: credentialHashOf(text) };
};

/** Makes a new key from a cryptographic source of random bytes; `id` keeps the public part of a key that is rotated. */
export const newApiKey = (randomBytes: RandomBytes, id?: ApiKeyId, prefix: string = API_KEY_PREFIX): NewApiKey => {
  const secret = formatApiKey(
    id ?? randomText(BASE36, API_KEY_ID_LENGTH, randomBytes),
    randomText(BASE62, API_KEY_SECRET_LENGTH, randomBytes),
    prefix,
  );
  const presented = parseApiKey(secret);
  if (presented === null) throw new Error("A new API key does not read back.");
  return { ...presented, secret };
};

/** How a key begins, enough to recognise it in a list. */
export const visiblePrefixOf = (keyId: ApiKeyId): string => `${API_KEY_PREFIX}${keyId}`;
