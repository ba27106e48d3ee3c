import { createHash, timingSafeEqual } from "node:crypto";
import { Transform } from "node:stream";
import { isInnerList, parseDictionary } from "structured-headers";
import { refuse, type Refusal } from "../errors/refusal.ts";

/** Hash algorithms in use (RFC 9530, 5), the strongest first; the others of the registry are broken. */
const ALGORITHMS = [
  ["sha-512", "sha512"],
  ["sha-256", "sha256"],
] as const;
/** Characters a Content-Digest may have: both algorithms and some unknown ones. */
const MAX_LENGTH = 512;

/** What a body is held to. */
interface ExpectedDigest {
  readonly hash: "sha256" | "sha512";
  readonly value: Uint8Array;
}

const wrong = (detail: string): Refusal => refuse("DIGEST_MISMATCH", detail, { field: "content-digest" });

/** Reads a Content-Digest field; refuses with DIGEST_MISMATCH when it is malformed or names no algorithm in use. */
export const readContentDigest = (text: string): ExpectedDigest => {
  if (text.length > MAX_LENGTH) throw wrong("Content-Digest is too long.");
  try {
    const members = parseDictionary(text);
    for (const [name, hash] of ALGORITHMS) {
      const member = members.get(name);
      if (member === undefined || isInnerList(member)) continue;
      if (member[0] instanceof ArrayBuffer) return { hash, value: new Uint8Array(member[0]) };
    }
  } catch {
    throw wrong("Content-Digest can't be read; send `sha-256=:<base64>:`.");
  }
  throw wrong("Content-Digest must hold sha-256 or sha-512.");
};

/** The Content-Digest field of a body, by SHA-256. */
export const contentDigestOf = (body: string | Uint8Array): string =>
  `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;

/** Passes a body on and ends with DIGEST_MISMATCH instead of its last byte when it is not the one that was announced. */
export const digestGuard = (expected: ExpectedDigest): Transform => {
  const hash = createHash(expected.hash);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
    flush: (done) => {
      const actual = hash.digest();
      const same = actual.byteLength === expected.value.byteLength && timingSafeEqual(actual, expected.value);
      done(same ? null : wrong("The body is not the one Content-Digest was made of."));
    },
  });
};
