import { MAX_PROPERTIES_LENGTH, MAX_PROPERTY_DEPTH, MAX_PROPERTY_KEY_LENGTH, MAX_PROPERTY_VALUES } from "./limits.ts";
import { rejection, type Rejection, type RejectionCode } from "./rejection.ts";

/** `properties` ready for the store: the JSON text of the object. */
export type CheckedProperties = { readonly json: string } | { readonly rejection: Rejection };

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
}

const trouble = (code: RejectionCode, reason: string): Trouble => ({ code, reason, keys: [] });

const inside = (found: Trouble | null, key: string | number): Trouble | null => {
  found?.keys.push(key);
  return found;
};

const checkKey = (key: string, walk: Walk): Trouble | null => {
  if (key === "") return trouble("TOO_SHORT", "A property's key must not be empty.");
  if (key.length > MAX_PROPERTY_KEY_LENGTH)
    return trouble("TOO_LONG", `A property's key has at most ${MAX_PROPERTY_KEY_LENGTH} characters.`);
  if (key.includes(".")) walk.dotted = true;
  return null;
};

const checkValue = (value: unknown, depth: number, walk: Walk): Trouble | null => {
  walk.values += 1;
  if (typeof value === "number")
    return Number.isFinite(value)
      ? null
      : trouble("OUT_OF_RANGE", "The number is larger than a 64-bit floating point number can hold.");
  return typeof value === "object" && value !== null ? checkObject(value, depth, walk) : null;
};

const checkObject = (value: object, depth: number, walk: Walk): Trouble | null => {
  if (depth > MAX_PROPERTY_DEPTH)
    return trouble("TOO_DEEP", `Properties nest at most ${MAX_PROPERTY_DEPTH} levels deep.`);
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

const LONE_SURROGATE_ESCAPE = /\\ud[89a-f]/;

const whole = (code: RejectionCode, reason: string): CheckedProperties => ({
  rejection: rejection(code, "/properties", reason),
});

const pointerOf = (keys: readonly (string | number)[]): string =>
  ["/properties", ...keys.map((key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1")).toReversed()].join("/");

/** Checks an event's properties against every limit and writes them as JSON text; the first trouble found is the rejection. */
export const checkProperties = (properties: object): CheckedProperties => {
  const walk: Walk = { values: 0, dotted: false };
  const found = checkObject(properties, 1, walk);
  if (found !== null) return { rejection: rejection(found.code, pointerOf(found.keys), found.reason) };
  if (walk.values > MAX_PROPERTY_VALUES)
    return whole("TOO_MANY_PROPERTIES", `An event has at most ${MAX_PROPERTY_VALUES} property values.`);
  const json = JSON.stringify(properties);
  if (json.length > MAX_PROPERTIES_LENGTH)
    return whole("TOO_LONG", `Properties have at most ${MAX_PROPERTIES_LENGTH} characters as JSON.`);
  // JSON.stringify writes a lone surrogate as an escape (ECMA-262, well-formed JSON.stringify); it has no UTF-8 form.
  if (json.includes("\\ud") && LONE_SURROGATE_ESCAPE.test(json))
    return whole("WRONG_VALUE", "A text holds half of a surrogate pair, which is no character.");
  const collision = walk.dotted ? collidingPath(properties) : null;
  return collision === null
    ? { json }
    : whole("DUPLICATE_PROPERTY", `The path "${collision.slice(0, 200)}" has two values; dots separate keys.`);
};
