import { createHash } from "node:crypto";

/** SHA-256 (FIPS 180-4) of a text in UTF-8, as 64 hex digits: names what is equal. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
