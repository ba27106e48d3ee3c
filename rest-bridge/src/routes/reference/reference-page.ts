import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { StaticDocument } from "@tessera/platform/http/static-document";
import { OPENAPI_JSON_PATH, REFERENCE_PATH } from "./description.ts";

const swaggerUi = join(createRequire(import.meta.url).resolve("@fastify/swagger-ui/package.json"), "../static");

/** Nothing but this origin: no inline script, no foreign host; the page's library sets style attributes and draws data: icons. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
} as const;

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tessera API reference</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${REFERENCE_PATH}/swagger-ui.css" />
    <link rel="stylesheet" href="${REFERENCE_PATH}/page.css" />
  </head>
  <body>
    <header class="tessera"><a href="/">Tessera</a><nav><a href="/graphiql">GraphiQL</a><a href="${OPENAPI_JSON_PATH}">openapi.json</a></nav></header>
    <div id="reference"></div>
    <script src="${REFERENCE_PATH}/swagger-ui-bundle.js"></script>
    <script src="${REFERENCE_PATH}/page.js"></script>
  </body>
</html>
`;

// The key stays in the page's memory: nothing is persisted, nothing goes to a validator elsewhere.
const SCRIPT = `window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "${OPENAPI_JSON_PATH}",
    dom_id: "#reference",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    persistAuthorization: false,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
`;

const STYLE = `body { margin: 0; background: #fff; }
.tessera { display: flex; justify-content: space-between; align-items: center; padding: 12px 20px; background: #17213a; font: 600 16px/1.4 system-ui, sans-serif; }
.tessera a { color: #fff; text-decoration: none; }
.tessera nav a { margin-left: 20px; font-weight: 400; font-size: 14px; color: #c7d2ea; }
.tessera a:hover, .tessera a:focus-visible { text-decoration: underline; }
.swagger-ui .info { margin: 28px 0; }
`;

const asset = (name: string, mediaType: string): StaticDocument => ({
  path: `${REFERENCE_PATH}/${name}`,
  mediaType,
  content: () => readFileSync(join(swaggerUi, name)),
  headers: SECURITY_HEADERS,
});

const own = (path: string, mediaType: string, text: string): StaticDocument => ({
  path: `${REFERENCE_PATH}${path}`,
  mediaType,
  content: () => text,
  headers: SECURITY_HEADERS,
});

/** The API reference page with everything it loads; it asks no other host for anything. */
export const referencePage: readonly StaticDocument[] = [
  own("", "text/html; charset=utf-8", HTML),
  own("/page.js", "text/javascript; charset=utf-8", SCRIPT),
  own("/page.css", "text/css; charset=utf-8", STYLE),
  asset("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
  asset("swagger-ui.css", "text/css; charset=utf-8"),
];
