import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { offerMethods } from "./offer-methods.ts";
import type { HttpServer } from "./server.ts";

/** A document that stays the same while the process runs. */
export interface StaticDocument {
  readonly path: string;
  readonly mediaType: string;
  /** Made when it is first asked for, and kept. */
  readonly content: () => Buffer | string | Promise<Buffer>;
  /** Headers of its own; caches ask each time whether it changed, unless these say otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Prepared {
  readonly etag: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
}

const zip = promisify(gzip);

const prepare = async (document: StaticDocument): Promise<Prepared> => {
  const content = await document.content();
  const plain = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  const hash = createHash("sha256").update(plain).digest("base64url").slice(0, 27);
  return { etag: `"${hash}"`, plain, zipped: await zip(plain) };
};

const acceptsGzip = (acceptEncoding: string | string[] | undefined): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(acceptEncoding ?? ""));

/** Whether a client has this tag already, weakened by a cache or not. */
const hasTag = (ifNoneMatch: string | undefined, etag: string): boolean =>
  (ifNoneMatch ?? "").split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));

/** Serves one document to anyone, with an ETag and gzip. */
export const serveDocument = (server: HttpServer, document: StaticDocument): void => {
  let prepared: Promise<Prepared> | null = null;
  offerMethods(server, document.path, ["GET"]);
  server.get(document.path, async (request, reply) => {
    prepared ??= prepare(document);
    const { etag, plain, zipped } = await prepared.catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    void reply.headers({ etag, "cache-control": "no-cache", vary: "accept-encoding", ...document.headers });
    if (hasTag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    const asGzip = acceptsGzip(request.headers["accept-encoding"]);
    if (asGzip) void reply.header("content-encoding", "gzip");
    return reply.type(document.mediaType).send(asGzip ? zipped : plain);
  });
};
