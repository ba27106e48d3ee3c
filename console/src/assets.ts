import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { HttpServer } from "@tessera/platform/http/server";
import { refuse } from "@tessera/platform/errors/refusal";
import { LANDING_CSP, LANDING_HTML } from "./landing-page.ts";

const DIST = resolve(import.meta.dirname, "../dist");
const GRAPHIQL_PATH = "/graphiql";
/** Seconds a browser may keep an asset whose name changes with its content. */
const ASSET_SECONDS = 31_536_000;

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

const isHashed = (path: string): boolean => path.startsWith(join(DIST, "assets"));

const serveBuilt = (server: HttpServer): void => {
  void server.register(async (scope) => {
    await scope.register(fastifyStatic, {
      root: DIST,
      prefix: `${GRAPHIQL_PATH}/`,
      cacheControl: false,
      index: ["index.html"],
      setHeaders: (reply, path) => {
        void reply.headers({
          ...securityHeaders(CONSOLE_CSP),
          "cache-control": isHashed(path) ? `public, max-age=${ASSET_SECONDS}, immutable` : "no-cache",
        });
      },
    });
    scope.get(GRAPHIQL_PATH, (_request, reply) => reply.sendFile("index.html"));
  });
};

const serveUnbuilt = (server: HttpServer): void => {
  server.get(GRAPHIQL_PATH, () => {
    throw refuse("DEPENDENCY_UNAVAILABLE", "The pages are not built. Run `npm run generate` and start again.");
  });
};

/** Adds the landing page at `/` and GraphiQL at `/graphiql`, from our own files alone; whether they are built is seen once, at start. */
export const serveConsole = (server: HttpServer): void => {
  server.get("/", (_request, reply) =>
    reply
      .headers({ ...securityHeaders(LANDING_CSP), "cache-control": "no-cache" })
      .type("text/html; charset=utf-8")
      .send(LANDING_HTML),
  );
  if (existsSync(join(DIST, "index.html"))) serveBuilt(server);
  else serveUnbuilt(server);
};
