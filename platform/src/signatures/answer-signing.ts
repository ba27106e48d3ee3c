import type { KeyObject } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isInnerList, parseDictionary, serializeDictionary, type InnerList, type Item } from "structured-headers";
import type { HttpServer } from "../http/server.ts";
import type { NowMs } from "../time/clock.ts";
import { contentDigestOf, digestGuard, readContentDigest } from "./content-digest.ts";
import { signBytes } from "./signature-algorithm.ts";
import { signatureBase, type AnswerParts, type RequestParts } from "./signature-base.ts";
import { requestPartsOf } from "./signed-request.ts";

/** Where the keys that sign answers are told, as a JWK set. */
export const SIGNING_KEYS_PATH = "/.well-known/http-message-signatures-directory";
const KEYS_MEDIA_TYPE = "application/http-message-signatures-directory+json";
/** Seconds a client may keep the keys, and a signature of an answer counts. */
const KEYS_AGE_SECONDS = 3_600;
const ANSWER_AGE_SECONDS = 300;
/** Characters of an Accept-Signature that are looked at. */
const MAX_ACCEPT_CHARACTERS = 1_024;

/** The key that signs answers. */
export interface AnswerKey {
  readonly key: KeyObject;
  readonly publicJwk: { readonly kid: string };
}

/** The label a client wants; null when it asks for none, or for what can't be read. */
const wantedLabel = (text: string | string[] | undefined): string | null => {
  if (typeof text !== "string" || text.length > MAX_ACCEPT_CHARACTERS) return null;
  try {
    for (const [label, wanted] of parseDictionary(text)) if (isInnerList(wanted)) return label;
  } catch {
    // What can't be read asks for nothing; the answer itself is none the worse (RFC 9421, 5.1).
  }
  return null;
};

const of = (name: string, parameters: readonly (readonly [string, string | true])[] = []): Item => [
  name,
  new Map(parameters),
];

/** What every signed answer covers: its status, type and body, and the request it answers, down to that one's own signatures. */
const componentsFor = (request: RequestParts): Item[] => {
  const base = [of("@status"), of("content-type"), of("content-digest")];
  const asked = ["@method", "@path", "@query"].map((name) => of(name, [["req", true]]));
  const labels =
    request.fields["signature"] === undefined ? [] : parseDictionary(request.fields["signature"].join(", ")).keys();
  const signed = [...labels].map((label) =>
    of("signature", [
      ["req", true],
      ["key", label],
    ]),
  );
  return [...base, ...asked, ...signed];
};

const signedFields = (answer: AnswerParts, label: string, { key, publicJwk }: AnswerKey, nowMs: number) => {
  const created = Math.floor(nowMs / 1_000);
  const parameters = new Map<string, string | number>([
    ["created", created],
    ["expires", created + ANSWER_AGE_SECONDS],
    ["keyid", publicJwk.kid],
    ["alg", "ed25519"],
  ]);
  const input: InnerList = [componentsFor(answer.request), parameters];
  const signature = signBytes(key, signatureBase(input, answer));
  return {
    "signature-input": serializeDictionary(new Map([[label, input]])),
    signature: serializeDictionary(new Map<string, Item>([[label, [new Uint8Array(signature), new Map()]]])),
  };
};

const answerParts = (request: RequestParts, reply: FastifyReply): AnswerParts => {
  const fields = Object.entries(reply.getHeaders()).map(([name, value]) => [name, [String(value)]] as const);
  return { status: reply.statusCode, fields: Object.fromEntries(fields), request };
};

const sign = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: string | Buffer,
  deps: AnswerSigningDeps,
): void => {
  const label = wantedLabel(request.headers["accept-signature"]);
  if (label === null || reply.getHeader("content-type") === undefined) return;
  void reply.header("content-digest", contentDigestOf(payload));
  const parts = answerParts(requestPartsOf(request.raw, deps.publicUrl()), reply);
  void reply.headers(signedFields(parts, label, deps.key, deps.nowMs()));
};

/** What {@link exchangeSignatures} is made of. */
export interface AnswerSigningDeps {
  readonly key: AnswerKey;
  readonly publicUrl: () => string | null;
  readonly nowMs: NowMs;
}

/**
 * Holds every body to the Content-Digest it came with (RFC 9530), signs answers to requests that ask for it by Accept-Signature (RFC 9421, 5),
 * and tells the public key at {@link SIGNING_KEYS_PATH}.
 */
export const exchangeSignatures = (server: HttpServer, deps: AnswerSigningDeps): void => {
  server.addHook("preParsing", (request, _reply, payload, done) => {
    const digest = request.headers["content-digest"];
    if (digest === undefined || request.routeOptions.config.readsOwnBody === true) return done(null, payload);
    try {
      const guard = digestGuard(readContentDigest(String(digest)));
      payload.once("error", (error: Error) => guard.destroy(error));
      done(null, payload.pipe(guard));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  server.addHook("onSend", (request, reply, payload, done) => {
    if (request.headers["accept-signature"] !== undefined && (typeof payload === "string" || Buffer.isBuffer(payload)))
      sign(request, reply, payload, deps);
    done();
  });
  server.get(SIGNING_KEYS_PATH, (_request, reply) =>
    reply
      .header("cache-control", `public, max-age=${KEYS_AGE_SECONDS}`)
      .type(KEYS_MEDIA_TYPE)
      .send(JSON.stringify({ keys: [deps.key.publicJwk] })),
  );
};
