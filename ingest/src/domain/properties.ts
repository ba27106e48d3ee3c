import { MAX_PROPERTIES_LENGTH, MAX_PROPERTY_DEPTH, MAX_PROPERTY_KEY_LENGTH, MAX_PROPERTY_VALUES } from "./limits.ts";
import { rejection, type Rejection } from "./rejection.ts";

/** `properties` ready for the store: the JSON text of the object. */
export type CheckedProperties = { readonly json: string } | { readonly rejection: Rejection };

const pointer = (parent: string, key: string | number): string =>
  `${parent}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

interface Walk {
  values: number;
  dotted: boolean;
}

const checkKey = (key: string, path: string): Rejection | null => {
  if (key === "") return rejection("TOO_SHORT", pointer(path, key), "A property's key must not be empty.");
  if (key.length > MAX_PROPERTY_KEY_LENGTH)
    return rejection("TOO_LONG", path, `A property's key has at most ${MAX_PROPERTY_KEY_LENGTH} characters.`);
  return null;
};

const checkValue = (value: unknown, path: string, depth: number, walk: Walk): Rejection | null => {
  walk.values += 1;
  if (walk.values > MAX_PROPERTY_VALUES + 1)
    return rejection(
      "TOO_MANY_PROPERTIES",
      "/properties",
      `An event has at most ${MAX_PROPERTY_VALUES} property values.`,
    );
  if (typeof value === "number" && !Number.isFinite(value))
    return rejection("OUT_OF_RANGE", path, "The number is larger than a 64-bit floating point number can hold.");
  if (typeof value !== "object" || value === null) return null;
  if (depth > MAX_PROPERTY_DEPTH)
    return rejection("TOO_DEEP", path, `Properties nest at most ${MAX_PROPERTY_DEPTH} levels deep.`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const wrong = checkValue(item, pointer(path, index), depth + 1, walk);
      if (wrong !== null) return wrong;
    }
    return null;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key.includes(".")) walk.dotted = true;
    const wrong = checkKey(key, path) ?? checkNested(item, path, key, depth, walk);
    if (wrong !== null) return wrong;
  }
  return null;
};

// The pointer text is only built for values that can be wrong inside: most properties are plain strings and numbers.
const checkNested = (item: unknown, path: string, key: string, depth: number, walk: Walk): Rejection | null => {
  if (typeof item === "string" || typeof item === "boolean") {
    walk.values += 1;
    return null;
  }
  return checkValue(item, pointer(path, key), depth + 1, walk);
};

/** All paths of the leaves, dots between keys, as the store's JSON column sees them. */
const leafPaths = (value: object, prefix: string): readonly string[] =>
  Object.entries(value).flatMap(([key, item]) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? leafPaths(item, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );

/** `{"a.b": 1, "a": {"b": 2}}` gives one path two values: the store could keep only one of them. */
const collidingPath = (value: object): string | null => {
  const paths = leafPaths(value, "");
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) return path;
    seen.add(path);
  }
  return null;
};

const LONE_SURROGATE_ESCAPE = /\\ud[89a-f]/;

/** Checks an event's properties against every limit and writes them as JSON text; the first trouble found is the rejection. */
export const checkProperties = (properties: object): CheckedProperties => {
  const walk: Walk = { values: 0, dotted: false };
  const wrong = checkValue(properties, "/properties", 1, walk);
  if (wrong !== null) return { rejection: wrong };
  if (walk.values > MAX_PROPERTY_VALUES + 1)
    return {
      rejection: rejection(
        "TOO_MANY_PROPERTIES",
        "/properties",
        `An event has at most ${MAX_PROPERTY_VALUES} property values.`,
      ),
    };
  const json = JSON.stringify(properties);
  if (json.length > MAX_PROPERTIES_LENGTH)
    return {
      rejection: rejection(
        "TOO_LONG",
        "/properties",
        `Properties have at most ${MAX_PROPERTIES_LENGTH} characters as JSON.`,
      ),
    };
  // JSON.stringify writes a lone surrogate as an escape (ECMA-262, well-formed JSON.stringify); it has no UTF-8 form.
  if (json.includes("\\ud") && LONE_SURROGATE_ESCAPE.test(json))
    return {
      rejection: rejection(
        "WRONG_VALUE",
        "/properties",
        "A text holds half of a surrogate pair, which is no character.",
      ),
    };
  const collision = walk.dotted ? collidingPath(properties) : null;
  if (collision !== null)
    return {
      rejection: rejection(
        "DUPLICATE_PROPERTY",
        "/properties",
        `The path "${collision.slice(0, 200)}" has two values; dots separate keys.`,
      ),
    };
  return { json };
};
