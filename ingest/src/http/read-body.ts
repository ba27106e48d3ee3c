import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip, constants } from "node:zlib";
import { refuse } from "@tessera/platform/errors/refusal";
import { digestGuard, readContentDigest } from "@tessera/platform/signatures/content-digest";
import { MAX_BODY_BYTES } from "../domain/limits.ts";

/** Bytes of the body that are accounted for at a time. */
const ACCOUNT_STEP_BYTES = 262_144;

const tooLarge = () =>
  refuse("PAYLOAD_TOO_LARGE", `A body has at most ${MAX_BODY_BYTES} bytes after decompression; send smaller batches.`);

/** The body as it was sent, held to its Content-Digest when it came with one. */
const checked = (request: IncomingMessage): Readable => {
  const digest = request.headers["content-digest"];
  return digest === undefined ? request : request.pipe(digestGuard(readContentDigest(String(digest))));
};

const decoded = (sent: Readable, encoding: string): Readable => {
  if (encoding === "identity") return sent;
  // A body that was cut off is an error, not an end.
  return sent.pipe(createGunzip({ finishFlush: constants.Z_NO_FLUSH }));
};

/** The request's content encoding in lower case; refuses (415) all but gzip and identity. */
export const contentEncodingOf = (header: string | undefined): "gzip" | "identity" => {
  const encoding = (header ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return "identity";
  if (encoding === "gzip" || encoding === "x-gzip") return "gzip";
  throw refuse("UNSUPPORTED_MEDIA_TYPE", "Content-Encoding is gzip or identity.");
};

/**
 * Reads a body of bounded size, decompressing as it comes: a gzip bomb is cut off at the limit. `account` is told of more bytes before
 * they are kept and may refuse.
 */
export const readBody = async (
  request: IncomingMessage,
  encoding: "gzip" | "identity",
  account: (bytes: number) => void,
): Promise<Buffer> => {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (encoding === "identity" && declared > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let [bytes, accounted] = [0, 0];
  const sent = checked(request);
  const source = decoded(sent, encoding);
  // `pipe` does not hand errors on: a connection that breaks must end the decompression.
  const onBroken = (error: Error): void => void source.destroy(error);
  if (source !== request) request.once("error", onBroken).once("aborted", () => source.destroy(new Error("aborted")));
  if (sent !== request && sent !== source) sent.once("error", onBroken);
  try {
    for await (const chunk of source) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw tooLarge();
      while (accounted < bytes) {
        account(ACCOUNT_STEP_BYTES);
        accounted += ACCOUNT_STEP_BYTES;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    request.unpipe();
    request.resume();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))
      throw refuse("BAD_INPUT", "The body is not complete gzip data.", {}, error);
    throw error;
  } finally {
    request.removeListener("error", onBroken);
  }
  return Buffer.concat(chunks, bytes);
};
