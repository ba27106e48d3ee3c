import { stringify } from "yaml";
import type { HttpServer } from "@tessera/platform/http/server";
import { serveDocument } from "@tessera/platform/http/static-document";
import type { RouteDescription } from "../../http/route-description.ts";
import { openApiDocument } from "../../openapi/document.ts";
import type { JsonObject } from "../../openapi/openapi-types.ts";
import { OPENAPI_JSON_PATH, OPENAPI_YAML_PATH } from "./description.ts";
import { referencePage } from "./reference-page.ts";

/** Adds the OpenAPI document of `routes` and the page that shows it; both are open to anyone and made when first asked for. */
export const registerReference = (
  server: HttpServer,
  deps: { readonly routes: readonly RouteDescription[]; readonly supergraphSdl: () => string },
): void => {
  let made: JsonObject | null = null;
  const document = (): JsonObject => (made ??= openApiDocument(deps.routes, deps.supergraphSdl()));
  serveDocument(server, {
    path: OPENAPI_JSON_PATH,
    mediaType: "application/json; charset=utf-8",
    content: () => JSON.stringify(document(), null, 2),
  });
  serveDocument(server, {
    path: OPENAPI_YAML_PATH,
    mediaType: "application/yaml; charset=utf-8",
    content: () => stringify(document(), { aliasDuplicateObjects: false }),
  });
  for (const part of referencePage) serveDocument(server, part);
};
