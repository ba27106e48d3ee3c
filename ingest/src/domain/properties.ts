import { MAX_PROPERTIES_LENGTH, MAX_PROPERTY_DEPTH, MAX_PROPERTY_KEY_LENGTH, MAX_PROPERTY_VALUES } from "./limits.ts";
import { rejection, type Rejection, type RejectionCode } from "./rejection.ts";

/** What was found of `properties`: about how many characters they have as JSON text, or why they are not taken. */
export type CheckedProperties = { readonly length: number } | { readonly rejection: Rejection };

const isRecord = (value: object): value is Readonly<Record<string, unknown>> => !Array.isArray(value);

/** What is wrong, and the keys that lead there, innermost first: the place is only spelled out when something is wrong. */
interface Trouble {
  readonly code: RejectionCode;
  readonly reason: string;
  readonly keys: (string | number)[];
}

interface Walk {
  values: number;
  dotted: boolean;
  /** A text holds half of a surrogate pair. */
  broken: boolean;
  /** Characters that the values have as JSON text when no character needs an escape, or some more. */
  length: number;
}

/** Half of a surrogate pair: with the flag `u` a whole pair is one character, which is none. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Characters that one character of a text has at most in JSON: a control character becomes `\u0001`. */
const MAX_ESCAPED_LENGTH = 6;
/** Characters of a number, boolean, null or pair of brackets at most, with the comma behind it. */
const VALUE_LENGTH = 26;
/** Quotation marks, colon and comma around a text. */
const TEXT_MARKS = 4;

const noteText = (text: string, walk: Walk): void => {
  walk.length += text.length + TEXT_MARKS;
  if (LONE_SURROGATE.test(text)) walk.broken = true;
};

const trouble = (code: RejectionCode, reason: string): Trouble => ({ code, reason, keys: [] });

const inside = (found: Trouble | null, key: string | number): Trouble | null => {
  found?.keys.push(key);
  return found;
};

/** Only code in this process can bring such a value; left alone it would fail its whole batch. */
const noJson = (): Trouble => trouble("WRONG_TYPE", "A property is text, number, boolean, null, object or array.");

const checkKey = (key: string, walk: Walk): Trouble | null => {
  if (key === "") return trouble("TOO_SHORT", "A property's key must not be empty.");
  if (key.length > MAX_PROPERTY_KEY_LENGTH)
    return trouble("TOO_LONG", `A property's key has at most ${MAX_PROPERTY_KEY_LENGTH} characters.`);
  if (key.includes(".")) walk.dotted = true;
  noteText(key, walk);
  return null;
};

const checkValue = (value: unknown, depth: number, walk: Walk): Trouble | null => {
  walk.values += 1;
  if (typeof value === "string") {
    noteText(value, walk);
    return null;
  }
  walk.length += VALUE_LENGTH;
  if (typeof value === "number")
    return Number.isFinite(value)
      ? null
      : trouble("OUT_OF_RANGE", "The number is larger than a 64-bit floating point number can hold.");
  if (typeof value === "object" && value !== null) return checkObject(value, depth, walk);
  return value === undefined || value === null || typeof value === "boolean" ? null : noJson();
};

const checkObject = (value: object, depth: number, walk: Walk): Trouble | null => {
  if (depth > MAX_PROPERTY_DEPTH)
    return trouble("TOO_DEEP", `Properties nest at most ${MAX_PROPERTY_DEPTH} levels deep.`);
  if ("toJSON" in value && typeof value.toJSON === "function") return noJson();
  if (!isRecord(value)) {
    const items: readonly unknown[] = Object.values(value);
    if (items.length > MAX_PROPERTY_VALUES) walk.values += items.length;
    else
      for (let index = 0; index < items.length; index += 1) {
        const found = checkValue(items[index], depth + 1, walk);
        if (found !== null) return inside(found, index);
      }
    return null;
  }
  for (const key in value) {
    const found = checkKey(key, walk) ?? checkValue(value[key], depth + 1, walk);
    if (found !== null) return inside(found, key.slice(0, MAX_PROPERTY_KEY_LENGTH));
    if (walk.values > MAX_PROPERTY_VALUES) return null;
  }
  return null;
};

/** All paths of the leaves, dots between keys, as the store's JSON column sees them. */
const leafPaths = (value: object, prefix: string): readonly string[] =>
  Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? leafPaths(item, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );

/** `{"a.b": 1, "a": {"b": 2}}` gives one path two values: the store could keep only one of them. */
const collidingPath = (value: object): string | null => {
  const seen = new Set<string>();
  for (const path of leafPaths(value, "")) {
    if (seen.has(path)) return path;
    seen.add(path);
  }
  return null;
};

const whole = (code: RejectionCode, reason: string): CheckedProperties => ({
  rejection: rejection(code, "/properties", reason),
});

const pointerOf = (keys: readonly (string | number)[]): string =>
  ["/properties", ...keys.map((key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1")).toReversed()].join("/");

/** Checks an event's properties against every limit; the first trouble found is the rejection. */
export const checkProperties = (properties: object): CheckedProperties => {
  const walk: Walk = { values: 0, dotted: false, broken: false, length: VALUE_LENGTH };
  const found = checkObject(properties, 1, walk);
  if (found !== null) return { rejection: rejection(found.code, pointerOf(found.keys), found.reason) };
  if (walk.values > MAX_PROPERTY_VALUES)
    return whole("TOO_MANY_PROPERTIES", `An event has at most ${MAX_PROPERTY_VALUES} property values.`);
  // Mostly the bound tells; only what may be too long is written out.
  if (
    walk.length * MAX_ESCAPED_LENGTH > MAX_PROPERTIES_LENGTH &&
    JSON.stringify(properties).length > MAX_PROPERTIES_LENGTH
  )
    return whole("TOO_LONG", `Properties have at most ${MAX_PROPERTIES_LENGTH} characters as JSON.`);
  if (walk.broken) return whole("WRONG_VALUE", "A text holds half of a surrogate pair, which is no character.");
  const collision = walk.dotted ? collidingPath(properties) : null;
  return collision === null
    ? { length: walk.length }
    : whole("DUPLICATE_PROPERTY", `The path "${collision.slice(0, 200)}" has two values; dots separate keys.`);
};
