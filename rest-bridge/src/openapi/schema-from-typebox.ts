import type { TSchema } from "typebox";
import { GRAPHQL_KEYWORD } from "../http/graphql-annotation.ts";
import type { GraphDescriptions } from "./graph-descriptions.ts";
import { isJsonObject, itemsOf, type Json, type JsonObject } from "./openapi-types.ts";

/** Schemas of the document by name; each is written once and referred to. */
export type Components = Map<string, JsonObject>;

const refTo = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

const isNull = (schema: JsonObject): boolean => schema["type"] === "null";

const alternatives = (schema: JsonObject): readonly JsonObject[] | null => {
  const { anyOf } = schema;
  return anyOf === undefined ? null : itemsOf(anyOf).filter(isJsonObject);
};

/** OpenAPI 3.0 has `nullable` where JSON Schema has a type of its own, and a reference stands alone. */
const withAlternatives = (
  schema: JsonObject,
  rest: JsonObject,
  convert: (part: JsonObject) => JsonObject,
): JsonObject => {
  const parts = alternatives(schema) ?? [];
  const others = parts.filter((part) => !isNull(part)).map(convert);
  const nullable: JsonObject = others.length < parts.length ? { nullable: true } : {};
  const [only] = others;
  if (only === undefined || others.length > 1) return { ...rest, ...nullable, anyOf: others };
  return "$ref" in only ? { ...rest, ...nullable, allOf: [only] } : { ...only, ...rest, ...nullable };
};

const typeOfValue = (value: Json | undefined): JsonObject =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? { type: typeof value } : {};

const KEPT = new Set([
  "$defs",
  "$ref",
  "$id",
  "anyOf",
  "const",
  "enum",
  "title",
  "examples",
  "patternProperties",
  GRAPHQL_KEYWORD,
]);

const mapped = (value: Json, convert: (schema: JsonObject) => JsonObject): Json =>
  isJsonObject(value) ? convert(value) : value;

const plainKeywords = (schema: JsonObject, convert: (part: JsonObject) => JsonObject): JsonObject => {
  const entries = Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
    if (KEPT.has(key)) return [];
    if (key === "properties" && isJsonObject(value))
      return [[key, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mapped(part, convert)]))]];
    if (key === "items" || key === "additionalProperties") return [[key, mapped(value, convert)]];
    return [[key, value]];
  });
  return Object.fromEntries(entries);
};

const patternValues = (schema: JsonObject, convert: (part: JsonObject) => JsonObject): JsonObject => {
  const patterns = schema["patternProperties"];
  if (!isJsonObject(patterns)) return {};
  const [first] = Object.values(patterns);
  return first === undefined ? {} : { additionalProperties: mapped(first, convert) };
};

const firstExample = ({ examples }: JsonObject): JsonObject => {
  const [first] = itemsOf(examples);
  return first === undefined ? {} : { example: first };
};

/**
 * Converts schemas of the routes into OpenAPI 3.0.3: descriptions come from the graph where a schema names a part of it; titled and recursive ones
 * become components.
 */
export const createSchemaConverter = (graph: GraphDescriptions, components: Components) => {
  const described = (schema: JsonObject): JsonObject => {
    const coordinate = schema[GRAPHQL_KEYWORD];
    return typeof coordinate === "string" ? { description: graph.of(coordinate) } : {};
  };
  const component = (name: string, make: () => JsonObject): JsonObject => {
    if (!components.has(name)) {
      // Known before it is made, so that it may refer to itself.
      components.set(name, {});
      components.set(name, make());
    }
    return refTo(name);
  };
  const inline = (schema: JsonObject): JsonObject => {
    const rest = {
      ...plainKeywords(schema, convert),
      ...patternValues(schema, convert),
      ...described(schema),
      ...firstExample(schema),
    };
    if (alternatives(schema) !== null) return withAlternatives(schema, rest, convert);
    const { const: only, enum: values } = schema;
    if (only !== undefined) return { ...typeOfValue(only), ...rest, enum: [only] };
    return values === undefined ? rest : { ...typeOfValue(itemsOf(values)[0]), ...rest, enum: values };
  };
  const convert = (schema: JsonObject): JsonObject => {
    const { $defs, $ref, title } = schema;
    if (isJsonObject($defs))
      for (const [name, part] of Object.entries($defs)) if (isJsonObject(part)) component(name, () => inline(part));
    if (typeof $ref === "string") {
      const own = { ...described(schema), ...plainKeywords(schema, convert) };
      return Object.keys(own).length === 0 ? refTo($ref) : { ...own, allOf: [refTo($ref)] };
    }
    return typeof title === "string" ? component(title, () => inline(schema)) : inline(schema);
  };
  // boundary: a typebox schema is JSON; its hidden markers are no enumerable keywords.
  return (schema: TSchema): JsonObject => convert(JSON.parse(JSON.stringify(schema)) as JsonObject);
};
