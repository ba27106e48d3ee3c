import type { FastifyReply } from "fastify";
import type { HttpServer } from "@tessera/platform/http/server";
import { pagePolicy } from "./layout.ts";

/** Bytes a form may have: an email address and two passwords fit many times. */
const MAX_FORM_BYTES = 8_192;

/** Sends a page that nobody stores, frames or reads a script into. */
export const sendPage = (
  reply: FastifyReply,
  status: number,
  body: string,
  redirectUri: string | null = null,
): FastifyReply =>
  reply
    .code(status)
    .headers({
      "content-security-policy": pagePolicy(redirectUri),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    })
    .type("text/html; charset=utf-8")
    .send(body);

/** Lets the routes of a scope take small forms and nothing else. */
export const takeForms = (scope: HttpServer): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: MAX_FORM_BYTES },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
};
