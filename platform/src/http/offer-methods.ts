import type { HTTPMethods } from "fastify";
import { refuse } from "../errors/refusal.ts";
import type { HttpServer } from "./server.ts";

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Answers OPTIONS with what a path offers, and refuses every other method with 405; both name the methods in `Allow`. */
export const offerMethods = (server: HttpServer, url: string, offered: readonly HTTPMethods[]): void => {
  const allowed = [...offered, ...(offered.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  const allow = allowed.join(", ");
  server.options(url, (_request, reply) => reply.code(204).header("allow", allow).send());
  server.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    handler: (request, reply) => {
      void reply.header("allow", allow);
      throw refuse("METHOD_NOT_ALLOWED", `${request.method} is not offered here; use ${offered.join(" or ")}.`);
    },
  });
};
