import { createHmac } from "node:crypto";
import { isIP } from "node:net";
import { isPublicAddress } from "@tessera/platform/http/public-address";
import { digestOf } from "@tessera/platform/integrity/digest";
import { BLOCKED_IDS } from "../../domain/people/identity.ts";
import { INDICATOR_LIMITS, type IndicatorKind } from "../../domain/shared-indicators/indicator.ts";

const HEX_DIGEST = /^[0-9a-f]{64}$/i;
const CARD_NUMBER = /^\d{13,19}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_EMAIL_CHARACTERS = 254;
/** Characters of what tells one device or one card from all others at least: shorter texts are names of models, and last digits. */
const MIN_ID_CHARACTERS = 16;
/** Different characters of it at least: fewer are what programs fill in. */
const MIN_ID_DIFFERENT = 4;

/** The check digit of card numbers (ISO/IEC 7812-1, annex B). */
const passesLuhn = (digits: string): boolean => {
  const sum = Array.from(digits, Number)
    .toReversed()
    .reduce((total, digit, place) => {
      const doubled = place % 2 === 0 ? digit : 2 * digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
};

const idOf = (text: string): string | null => {
  const known = text.length >= MIN_ID_CHARACTERS && !/\s/.test(text) && !BLOCKED_IDS.has(text.toLowerCase());
  if (!known || new Set(text).size < MIN_ID_DIFFERENT) return null;
  return `id:${UUID.test(text) ? text.toLowerCase() : text}`;
};

const hashed = (text: string): string => `sha256:${digestOf(text)}`;

const cardOf = (text: string): string | null => {
  const digits = text.replace(/[\s-]/g, "");
  if (HEX_DIGEST.test(text)) return `sha256:${text.toLowerCase()}`;
  if (/^\d+$/.test(digits)) return CARD_NUMBER.test(digits) && passesLuhn(digits) ? hashed(digits) : null;
  return idOf(text);
};

const emailOf = (text: string): string | null => {
  if (HEX_DIGEST.test(text)) return `sha256:${text.toLowerCase()}`;
  const lower = text.normalize("NFC").toLowerCase();
  return EMAIL.test(lower) && lower.length <= MAX_EMAIL_CHARACTERS ? hashed(lower) : null;
};

/** The first four groups of an IPv6 address without zone, as plain hexadecimal numbers. */
const networkOf = (address: string): string => {
  const [head = "", tail = ""] = address.toLowerCase().split("::");
  const groups = (text: string): readonly string[] => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail)];
  const missing = address.includes("::") ? Array.from({ length: 8 - first.length - last.length }, () => "0") : [];
  const plain = [...first, ...missing, ...last].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return plain.join(":");
};

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

const ipOf = (text: string): string | null => {
  const address = MAPPED.exec(text)?.[1] ?? text;
  if (!isPublicAddress(address)) return null;
  if (isIP(address) === 4) return `v4:${address}`;
  // Dots and zones are forms of addresses that are not public.
  return /^[0-9a-f:]+$/i.test(address) ? `v6:${networkOf(address)}` : null;
};

const FORMS = { CARD: cardOf, DEVICE: idOf, IP: ipOf, EMAIL: emailOf } as const satisfies Record<
  IndicatorKind,
  (text: string) => string | null
>;

/** An identifier in the one form that all ways to write it have; null for what names nobody, such as a private address or a masked number. */
export const plainForm = (kind: IndicatorKind, text: string): string | null =>
  text.length > INDICATOR_LIMITS.characters ? null : FORMS[kind](text.trim());

/** HMAC-SHA-256 (RFC 2104) of a kind and an identifier's plain form. */
export const indicatorHash = (key: Uint8Array, kind: IndicatorKind, form: string): Buffer =>
  createHmac("sha256", key).update(`${kind}\0${form}`).digest();
