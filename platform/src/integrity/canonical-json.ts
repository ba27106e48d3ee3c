/** A value JSON can say exactly. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Half of a surrogate pair: no Unicode character, so no two programs need write it alike. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const text = (value: string): string => {
  const written = JSON.stringify(value);
  // A half is written as an escape, so a text without escapes has none.
  if (written.includes("\\u") && LONE_SURROGATE.test(value))
    throw new TypeError("Canonical JSON has no half of a surrogate pair.");
  return written;
};

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/**
 * The one way to write a JSON value (RFC 8785, JSON Canonicalization Scheme): names in the order of their UTF-16 code units, no white space,
 * numbers and texts as ECMAScript writes them. Throws TypeError for what has no such form: NaN, infinities and halves of surrogate pairs.
 */
export const canonicalJson = (value: JsonValue): string => {
  if (typeof value === "string") return text(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`Canonical JSON has no ${value}.`);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let written = "";
  for (const name of Object.keys(value).toSorted()) {
    const member = value[name];
    if (member !== undefined) written += `${written === "" ? "" : ","}${text(name)}:${canonicalJson(member)}`;
  }
  return `{${written}}`;
};
