import type { IncomingMessage } from "node:http";
import type { RequestParts } from "./signature-base.ts";

/** What a signature is about, of an incoming request. `publicUrl` is where clients reach it; without it the Host field and plain HTTP count. */
export const requestPartsOf = (request: IncomingMessage, publicUrl: string | null): RequestParts => {
  const { protocol, host } = new URL(publicUrl ?? "http://unknown.invalid");
  return {
    method: request.method ?? "GET",
    scheme: protocol.slice(0, -1),
    authority: publicUrl === null ? (request.headers.host ?? "") : host,
    target: request.url ?? "/",
    fields: request.headersDistinct,
  };
};
