import type { TSchema } from "typebox";
import { GRAPHQL_INPUT_KEYWORD } from "../http/graphql-annotation.ts";
import type { AnswerDescription, RouteDescription } from "../http/route-description.ts";
import { createGraphDescriptions, type GraphDescriptions } from "./graph-descriptions.ts";
import { isJsonObject, itemsOf, type Json, type JsonObject } from "./openapi-types.ts";
import { problemResponses, problemSchema } from "./problems.ts";
import { schemaOfInput } from "./schema-from-graphql.ts";
import { createSchemaConverter, type Components } from "./schema-from-typebox.ts";

/** What the document says of the product as a whole. */
const INFO: JsonObject = {
  title: "Tessera REST API",
  version: "2",
  description: [
    "Every operation is a projection of one persisted operation of the graph: the same engine, the same limits, the same answer in snake case.",
    "Send an API key as `Authorization: Bearer <key>`; never in a URL. Refusals are problem documents (RFC 9457) with a stable `code`.",
    "While a rate limit is on, answers tell what is left of it in `RateLimit` and `RateLimit-Policy`.",
  ].join(" "),
  license: { name: "MIT", url: "https://opensource.org/license/mit" },
};

const TAGS: Json = [
  { name: "Anomalies", description: "What is not as it should be, and the rules that watch for it." },
  { name: "Administration", description: "Usage, limits and capacity of a tenant." },
  { name: "Analytics", description: "What happens right now, and measures of what happened." },
  { name: "Audit", description: "What callers of the tenant did, and how to verify that nobody changed it." },
  { name: "Events", description: "The write path." },
  { name: "Health", description: "For orchestrators and monitors." },
  { name: "Reference", description: "This document." },
];

interface Deps {
  readonly graph: GraphDescriptions;
  readonly schemaOf: (schema: TSchema) => JsonObject;
}

const answerHeaders = ({ headers = {} }: AnswerDescription): JsonObject => ({
  "X-Trace-Id": { description: "W3C trace id of the request.", schema: { type: "string" } },
  ...Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  ),
});

const answerOf = (answer: AnswerDescription, { schemaOf }: Deps): JsonObject => ({
  description: answer.description,
  headers: answerHeaders(answer),
  ...(answer.schema === undefined
    ? {}
    : { content: { [answer.mediaType ?? "application/json"]: { schema: schemaOf(answer.schema) } } }),
});

const parametersOf = (query: TSchema | undefined, { schemaOf }: Deps): readonly JsonObject[] => {
  const converted = query === undefined ? {} : schemaOf(query);
  const properties = isJsonObject(converted["properties"]) ? converted["properties"] : {};
  const required = itemsOf(converted["required"]);
  return Object.entries(properties).map(([name, schema]) => {
    const { description = "", ...rest } = isJsonObject(schema) ? schema : {};
    return { name, in: "query", description, required: required.includes(name), schema: rest };
  });
};

const pathParametersOf = ({ pathParameters = {} }: RouteDescription): readonly JsonObject[] =>
  Object.entries(pathParameters).map(([name, description]) => ({
    ...{ name, in: "path", description, required: true, schema: { type: "string", format: "uuid" } },
  }));

const withParameters = (route: RouteDescription, deps: Deps): JsonObject => {
  const parameters = [...pathParametersOf(route), ...parametersOf(route.query, deps)];
  return route.query === undefined && parameters.length === 0 ? {} : { parameters };
};

const bodyOf = (route: RouteDescription, { schemaOf }: Deps): JsonObject => {
  const bodies =
    route.method === "get"
      ? {}
      : (route.bodies ?? (route.body === undefined ? {} : { "application/json": route.body }));
  const content = Object.entries(bodies).map(([type, schema]): [string, Json] => [type, { schema: schemaOf(schema) }]);
  return content.length === 0 ? {} : { requestBody: { required: true, content: Object.fromEntries(content) } };
};

const descriptionOf = ({ graphql, description }: RouteDescription, graph: GraphDescriptions): string =>
  [graphql === undefined ? undefined : graph.of(graphql), description]
    .filter((part) => part !== undefined)
    .join("\n\n");

const messagesOf = ({ messages }: RouteDescription, { schemaOf }: Deps): JsonObject =>
  messages === undefined
    ? {}
    : { "x-websocket": { fromClient: schemaOf(messages.fromClient), fromServer: schemaOf(messages.fromServer) } };

const operationOf = (route: RouteDescription, deps: Deps): JsonObject => ({
  operationId: route.operationId,
  tags: [route.tag],
  summary: route.summary,
  description: descriptionOf(route, deps.graph),
  ...(route.authenticated ? {} : { security: [] }),
  ...withParameters(route, deps),
  ...bodyOf(route, deps),
  responses: {
    ...Object.fromEntries(
      Object.entries(route.answers).map(([status, answer]): [string, Json] => [status, answerOf(answer, deps)]),
    ),
    ...problemResponses(route.refusals, route.authenticated),
  },
  ...messagesOf(route, deps),
});

const pathsOf = (routes: readonly RouteDescription[], deps: Deps): JsonObject => {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, deps) };
  return paths;
};

/** Schemas that name an input of the graph become a component made from it. */
const withInputs =
  (convert: (schema: TSchema) => JsonObject, graph: GraphDescriptions, components: Components) =>
  (schema: TSchema): JsonObject => {
    const resolved: unknown = JSON.parse(JSON.stringify(convert(schema)), (_key, value: unknown): unknown => {
      const name = isJsonObject(value) ? value[GRAPHQL_INPUT_KEYWORD] : undefined;
      if (typeof name !== "string") return value;
      if (!components.has(name)) components.set(name, schemaOfInput(graph.schema, name));
      return { $ref: `#/components/schemas/${name}` };
    });
    if (!isJsonObject(resolved)) throw new Error("A schema is an object.");
    return resolved;
  };

/** Builds the OpenAPI 3.0.3 document of the routes; throws when a schema names a part the graph does not have. */
export const openApiDocument = (routes: readonly RouteDescription[], supergraphSdl: string): JsonObject => {
  const graph = createGraphDescriptions(supergraphSdl);
  const components: Components = new Map([["Problem", problemSchema()]]);
  const schemaOf = withInputs(createSchemaConverter(graph, components), graph, components);
  const paths = pathsOf(routes, { graph, schemaOf });
  return {
    openapi: "3.0.3",
    info: INFO,
    servers: [{ url: "/" }],
    tags: TAGS,
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An API key of the tenant." } },
      schemas: Object.fromEntries([...components].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
};
