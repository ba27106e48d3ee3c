import type { FastifyReply, FastifyRequest } from "fastify";
import type { Origins } from "./origins.ts";
import type { HttpServer } from "./server.ts";

/** Seconds a browser may remember that it is allowed to call. */
export const PREFLIGHT_SECONDS = 600;
/** Headers a page may send to any address beside those every page may. */
export const CROSS_ORIGIN_REQUEST_HEADERS =
  "authorization, dpop, content-type, content-encoding, content-digest, signature, signature-input, accept-signature, traceparent";
/** Headers of an answer a page may read beside those every page may. */
export const CROSS_ORIGIN_ANSWER_HEADERS =
  "x-trace-id, retry-after, ratelimit, ratelimit-policy, content-digest, signature, signature-input, dpop-nonce, www-authenticate";

/** Names the origin in the answer when it is on the list; false when it is not, or no browser asks. */
export const nameOrigin = (origins: Origins, request: FastifyRequest, reply: FastifyReply): boolean => {
  void reply.header("vary", "origin");
  const { origin } = request.headers;
  if (origin === undefined || !origins.isAllowed(origin)) return false;
  void reply.headers({
    "access-control-allow-origin": origin,
    "access-control-expose-headers": CROSS_ORIGIN_ANSWER_HEADERS,
    "cross-origin-resource-policy": "cross-origin",
  });
  return true;
};

/**
 * Lets pages of the listed origins read the answers below a path (CORS), and answers their preflights. Credentials that browsers send by
 * themselves are never allowed: a page sends its token by hand.
 */
export const shareAcrossOrigins = (
  server: HttpServer,
  rules: { origins: Origins; below: string; methods: string },
): void => {
  server.addHook("onRequest", (request, reply, done) => {
    if (!request.url.startsWith(rules.below)) return done();
    const isNamed = nameOrigin(rules.origins, request, reply);
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return done();
    if (isNamed)
      void reply.headers({
        "access-control-allow-methods": rules.methods,
        "access-control-allow-headers": CROSS_ORIGIN_REQUEST_HEADERS,
        "access-control-max-age": String(PREFLIGHT_SECONDS),
      });
    void reply.code(204).send();
  });
};
