import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { HttpServer } from "@tessera/platform/http/server";
import { offerMethods } from "./serve-route.ts";

/** A document that stays the same while the process runs. */
export interface StaticDocument {
  readonly path: string;
  readonly mediaType: string;
  /** Made when it is first asked for. */
  readonly content: () => Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Prepared {
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

const prepare = (content: Buffer | string): Prepared => {
  const plain = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  const hash = createHash("sha256").update(plain).digest("base64url").slice(0, 27);
  return { etag: `"${hash}"`, plain, gzip: gzipSync(plain) };
};

const acceptsGzip = (acceptEncoding: string | string[] | undefined): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(acceptEncoding ?? ""));

/** The tag a client has, without the weakness marks caches add. */
const hasTag = (ifNoneMatch: string | undefined, etag: string): boolean =>
  (ifNoneMatch ?? "").split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));

/** Serves one document to anyone, with an ETag and gzip; caches ask each time whether it changed. */
export const serveDocument = (server: HttpServer, document: StaticDocument): void => {
  let prepared: Prepared | null = null;
  offerMethods(server, document.path, ["GET"]);
  server.get(document.path, (request, reply) => {
    prepared ??= prepare(document.content());
    const { etag, plain, gzip } = prepared;
    void reply.headers({ etag, "cache-control": "no-cache", vary: "accept-encoding", ...document.headers });
    if (hasTag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    const zipped = acceptsGzip(request.headers["accept-encoding"]);
    if (zipped) void reply.header("content-encoding", "gzip");
    return reply.type(document.mediaType).send(zipped ? gzip : plain);
  });
};
