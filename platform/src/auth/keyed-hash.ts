import { createHmac, timingSafeEqual } from "node:crypto";

/** Characters the installation's pepper must have at least. */
export const MIN_PEPPER_LENGTH = 32;

/** What is kept of a credential: without the pepper, which is not in the database, the kept hashes prove nothing. */
export interface KeyedHash {
  /** HMAC-SHA-256 (RFC 2104) under the pepper; 32 bytes. */
  of(credentialHash: string): Uint8Array;
  /** Compares in constant time. With nothing kept it compares with a hash of nothing, so that unknown keys take as long as known ones. */
  matches(credentialHash: string, kept: Uint8Array | null): boolean;
}

/** Builds {@link KeyedHash}; throws when the pepper is too short. */
export const createKeyedHash = (pepper: string): KeyedHash => {
  if (pepper.length < MIN_PEPPER_LENGTH)
    throw new Error(`The API key pepper must have at least ${MIN_PEPPER_LENGTH} characters.`);
  const of = (credentialHash: string): Uint8Array => createHmac("sha256", pepper).update(credentialHash).digest();
  const nothing = of("");
  return {
    of,
    matches: (credentialHash, kept) => {
      const expected = kept !== null && kept.byteLength === nothing.byteLength ? kept : nothing;
      return timingSafeEqual(of(credentialHash), expected) && kept !== null;
    },
  };
};
