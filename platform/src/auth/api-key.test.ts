import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { formatApiKey, isCredentialHash, newApiKey, parseApiKey, visiblePrefixOf } from "./api-key.ts";

const BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const text = (alphabet: string, length: number) =>
  fc
    .array(fc.constantFrom(...alphabet.split("")), { minLength: length, maxLength: length })
    .map((parts) => parts.join(""));
const anyKey = fc
  .tuple(text(BASE36, 16), text(BASE62, 32))
  .map(([id, secret]) => ({ id, key: formatApiKey(id, secret) }));

describe("the form of an API key", () => {
  it("is tsr_live_, 16 characters, an underscore, 32 characters and a checksum of six", () => {
    fc.assert(
      fc.property(anyKey, ({ key }) => {
        expect(key).toMatch(/^tsr_live_[0-9a-z]{16}_[0-9A-Za-z]{38}$/);
      }),
    );
  });

  it("has the CRC-32 of everything before it as its checksum, base 62", () => {
    const body = "tsr_live_0000000000000000_00000000000000000000000000000000";
    const key = formatApiKey("0000000000000000", "0".repeat(32));
    expect(key.slice(0, body.length)).toBe(body);
    expect(decode62(key.slice(body.length))).toBe(bitwiseCrc32(body));
  });

  it("reads back what was written, and names the key by its public part", () => {
    fc.assert(
      fc.property(anyKey, ({ id, key }) => {
        expect(parseApiKey(key)?.keyId).toBe(id);
        expect(isCredentialHash(parseApiKey(key)?.credentialHash ?? "")).toBe(true);
      }),
    );
  });

  it("every single-character error is caught, wherever it lies and whatever it is", () => {
    const place = fc.nat({ max: 9 + 16 + 1 + 38 - 1 });
    const wrong = fc.oneof(
      fc.constantFrom(...BASE62.split(""), "_", "-", " "),
      fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
    );
    fc.assert(
      fc.property(anyKey, place, wrong, ({ key }, index, character) => {
        fc.pre(key[index] !== character);
        expect(parseApiKey(key.slice(0, index) + character + key.slice(index + 1))).toBeNull();
      }),
      { numRuns: 2_000, endOnFailure: true },
    );
  });

  it("of one key, every other base 62 character at every place is caught", () => {
    const key = formatApiKey("abcdefghij012345", "Zz9".repeat(10) + "aA");
    let caught = 0;
    for (let index = 0; index < key.length; index += 1)
      for (const character of BASE62)
        if (key[index] !== character && parseApiKey(key.slice(0, index) + character + key.slice(index + 1)) === null)
          caught += 1;
    // Two places are underscores of the prefix and one stands between the parts: there all 62 characters differ.
    expect(caught).toBe(key.length * 61 + 3);
  });

  it("swapped neighbours, a lost or an added character are caught", () => {
    fc.assert(
      fc.property(anyKey, fc.nat({ max: 62 }), ({ key }, index) => {
        const [left, right] = [key.charAt(index), key.charAt(index + 1)];
        fc.pre(left !== right);
        expect(parseApiKey(key.slice(0, index) + right + left + key.slice(index + 2))).toBeNull();
        expect(parseApiKey(key.slice(0, index) + key.slice(index + 1))).toBeNull();
        expect(parseApiKey(key.slice(0, index) + left + key.slice(index))).toBeNull();
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  it.each(["", "tsr_live_", "Bearer x", "tsr_test_0000000000000000_", " ", "\n"])("%j is no key", (presented) => {
    expect(parseApiKey(presented)).toBeNull();
  });

  it("a key with a line break behind it is no key", () => {
    expect(parseApiKey(`${formatApiKey("0".repeat(16), "0".repeat(32))}\n`)).toBeNull();
  });
});

describe("a new API key", () => {
  it("reads back, and shows no more of itself than its public part", () => {
    const made = newApiKey(randomBytes);
    expect(parseApiKey(made.secret)).toEqual({ keyId: made.keyId, credentialHash: made.credentialHash });
    expect(made.secret.startsWith(`${visiblePrefixOf(made.keyId)}_`)).toBe(true);
    expect(made.credentialHash).not.toContain(made.keyId);
  });

  it("maps equally many byte values to each character and passes over the rest, so that no character is likelier", () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 252; byte += 1) {
      const character = newApiKey((size) => new Uint8Array(size).fill(byte % 248, 1).fill(byte, 0, 1)).keyId.charAt(0);
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect(counts).toEqual(new Map(BASE36.split("").map((character) => [character, 7])));
    for (let byte = 252; byte < 256; byte += 1)
      expect(newApiKey((size) => new Uint8Array(size).fill(1).fill(byte, 0, 1)).keyId).toBe("1".repeat(16));
  });

  it("two keys never meet", () => {
    const made = Array.from({ length: 1_000 }, () => newApiKey(randomBytes));
    expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(1_000);
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(1_000);
  });
});

/** CRC-32 by its definition, bit by bit. */
const bitwiseCrc32 = (body: string): number => {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
};

const decode62 = (digits: string): number =>
  digits.split("").reduce((value, digit) => value * 62 + BASE62.indexOf(digit), 0);
