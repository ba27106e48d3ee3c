import { createHash } from "node:crypto";

/** SHA-256 (FIPS 180-4) of a text in UTF-8, as 64 hex digits: names what is equal. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const HEX_OF_UUID = [8, 12, 16, 20, 32] as const;

/** The first 122 bits of a text's SHA-256 as a UUID of version 8 (RFC 9562, section 5.8: what it is made of is up to the application): equal for equal texts. */
export const uuidOf = (text: string): string => {
  const hex = digestOf(text);
  const variant = ((Number.parseInt(hex[16] ?? "0", 16) & 3) | 8).toString(16);
  const marked = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`;
  return HEX_OF_UUID.map((to, index) => marked.slice(HEX_OF_UUID[index - 1] ?? 0, to)).join("-");
};
