import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
} from "graphql";
import type { Json, JsonObject } from "./openapi-types.ts";

const SCALARS: Readonly<Record<string, JsonObject>> = {
  String: { type: "string" },
  ID: { type: "string" },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  DateTime: { type: "string", format: "date-time" },
  Decimal: { type: "string" },
  JSON: { type: "object", additionalProperties: true },
};

const typeOf = (type: GraphQLInputType): JsonObject => {
  const bare = getNullableType(type);
  if (isListType(bare)) return { type: "array", items: typeOf(bare.ofType) };
  if (isEnumType(bare)) return { type: "string", enum: bare.getValues().map(({ name }) => name) };
  const scalar = SCALARS[String(bare)];
  if (scalar === undefined) throw new Error(`OpenAPI has no word for the input ${String(type)}.`);
  return scalar;
};

const fieldOf = ({ type, description }: GraphQLInputField): JsonObject => ({
  ...typeOf(type),
  ...(isNonNullType(type) ? {} : { nullable: true }),
  ...(typeof description === "string" ? { description } : {}),
});

/** An input of the graph as an OpenAPI 3.0 schema, names and descriptions as they are; throws when the graph has no such input. */
export const schemaOfInput = (schema: GraphQLSchema, name: string): JsonObject => {
  const type = schema.getType(name);
  if (!isInputObjectType(type)) throw new Error(`The graph has no input ${name}.`);
  const fields = Object.values(type.getFields());
  const required: Json = fields.filter((field) => isNonNullType(field.type)).map((field) => field.name);
  return {
    type: "object",
    ...(typeof type.description === "string" ? { description: type.description } : {}),
    additionalProperties: false,
    required,
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldOf(field)])),
  };
};
