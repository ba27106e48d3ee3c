import { Type } from "typebox";
import type { RouteDescription } from "../../http/route-description.ts";

const open = { method: "get", tag: "Reference", refusals: [], authenticated: false } as const;
const ETAG = { ETag: "Changes with the document; send it back in If-None-Match." };

/** Where the document is served as JSON. */
export const OPENAPI_JSON_PATH = "/api/v2/openapi.json";
/** Where the document is served as YAML. */
export const OPENAPI_YAML_PATH = "/api/v2/openapi.yaml";
/** Where the page that shows the document is served. */
export const REFERENCE_PATH = "/docs";

/** The document itself, in both notations. */
export const referenceDescriptions = [
  {
    ...open,
    path: OPENAPI_JSON_PATH,
    operationId: "getOpenApiJson",
    summary: "This document as JSON",
    answers: {
      200: { description: "OpenAPI 3.0.3.", schema: Type.Object({}, { additionalProperties: true }), headers: ETAG },
      304: { description: "Unchanged." },
    },
  },
  {
    ...open,
    path: OPENAPI_YAML_PATH,
    operationId: "getOpenApiYaml",
    summary: "This document as YAML",
    answers: {
      200: { description: "OpenAPI 3.0.3.", schema: Type.String(), mediaType: "application/yaml", headers: ETAG },
      304: { description: "Unchanged." },
    },
  },
] as const satisfies readonly RouteDescription[];
