import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, relative, resolve, sep } from "node:path";
import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { serveDocument } from "@tessera/platform/http/static-document";
import { LANDING_CSP, LANDING_HTML } from "./landing-page.ts";

const DIST = resolve(import.meta.dirname, "../dist");
const GRAPHIQL_PATH = "/graphiql";
/** Seconds a browser may keep an asset whose name changes with its content. */
const ASSET_SECONDS = 31_536_000;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".woff2": "font/woff2",
};

/** Only this origin; the editor makes style elements of its own and runs its language services as workers. */
const CONSOLE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const securityHeaders = (contentSecurityPolicy: string) => ({
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
});

const builtFiles = (): readonly string[] =>
  existsSync(join(DIST, "index.html"))
    ? readdirSync(DIST, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(DIST, join(entry.parentPath, entry.name)))
    : [];

const serveFile = (server: HttpServer, file: string, path: string): void => {
  const hashed = file.startsWith(`assets${sep}`);
  serveDocument(server, {
    path,
    mediaType: MEDIA_TYPES[extname(file)] ?? "application/octet-stream",
    content: () => readFile(join(DIST, file)),
    headers: {
      ...securityHeaders(CONSOLE_CSP),
      "cache-control": hashed ? `public, max-age=${ASSET_SECONDS}, immutable` : "no-cache",
    },
  });
};

const serveGraphiql = (server: HttpServer): void => {
  const files = builtFiles();
  if (files.length === 0)
    server.get(GRAPHIQL_PATH, () => {
      throw refuse("DEPENDENCY_UNAVAILABLE", "The pages are not built. Run `npm run generate` and start again.");
    });
  for (const file of files) serveFile(server, file, `${GRAPHIQL_PATH}/${file.split(sep).join("/")}`);
  if (files.includes("index.html")) serveFile(server, "index.html", GRAPHIQL_PATH);
};

/** Adds the landing page at `/` and GraphiQL at `/graphiql`, from our own files alone; which are built is seen once, at start. */
export const serveConsole = (server: HttpServer): void => {
  serveDocument(server, {
    path: "/",
    mediaType: "text/html; charset=utf-8",
    content: () => LANDING_HTML,
    headers: securityHeaders(LANDING_CSP),
  });
  serveGraphiql(server);
};
