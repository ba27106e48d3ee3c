import { generateKeyPairSync, sign as signWith } from "node:crypto";
import { createSigner, httpbis } from "http-message-signatures";
import { describe, expect, it } from "@jest/globals";
import { isRefusedWith } from "../testing/refused-with.ts";
import { contentDigestOf } from "./content-digest.ts";
import { readMessageKey, type MessageKey } from "./signature-algorithm.ts";
import type { RequestParts } from "./signature-base.ts";
import { verifyRequest } from "./verify-signature.ts";

const NOW = 1_800_000_000;
const URL_TEXT = "https://api.example.com/api/v2/events?outcomes=all";
const BODY = '[{"name":"signed"}]';
const pair = generateKeyPairSync("ed25519");
const read = (jwk: unknown): MessageKey => {
  const key = readMessageKey(jwk);
  if (key === null) throw new Error("The key is not read.");
  return key;
};
const keys = new Map([["mine", read(pair.publicKey.export({ format: "jwk" }))]]);
const FIELDS = ["@method", "@target-uri", "content-digest", "authorization"] as const;

interface Signing {
  readonly fields?: readonly string[];
  readonly created?: number | null;
  readonly expires?: number;
  readonly nonce?: string;
  readonly keyid?: string;
  readonly alg?: string;
}

const HEADERS = {
  authorization: "Bearer secret",
  "content-digest": contentDigestOf(BODY),
  "content-length": String(BODY.length),
};

/** A request signed by the published client library, as any client would. */
const signed = async (
  signing: Signing = {},
  headers: Readonly<Record<string, string>> = HEADERS,
): Promise<RequestParts> => {
  const { fields = FIELDS, created = NOW, nonce = "a-nonce-of-sixteen", keyid = "mine", expires, alg } = signing;
  const message = await httpbis.signMessage(
    {
      key: createSigner(pair.privateKey, "ed25519", keyid),
      fields: [...fields],
      params: [
        "created",
        "nonce",
        "keyid",
        ...(expires === undefined ? [] : ["expires"]),
        ...(alg === undefined ? [] : ["alg"]),
      ],
      paramValues: {
        created: created === null ? null : new Date(created * 1_000),
        nonce,
        ...(alg === undefined ? {} : { alg }),
        ...(expires === undefined ? {} : { expires: new Date(expires * 1_000) }),
      },
    },
    { method: "POST", url: URL_TEXT, headers: { ...headers } },
  );
  return {
    method: "POST",
    scheme: "https",
    authority: "api.example.com",
    target: "/api/v2/events?outcomes=all",
    fields: Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), [value]])),
  };
};
const verify = (request: RequestParts, nowSeconds = NOW) => verifyRequest(request, keys, nowSeconds * 1_000);
const expectInvalid = (request: RequestParts, nowSeconds = NOW): void =>
  expect(isRefusedWith("SIGNATURE_INVALID", () => verify(request, nowSeconds))).toBe(true);

describe("a signed request", () => {
  it("of another implementation is verified, and tells its nonce and until when it could be sent again", async () => {
    expect(verify(await signed())).toEqual({
      keyId: "mine",
      nonce: "a-nonce-of-sixteen",
      usableUntilMs: (NOW + 300) * 1_000,
    });
    expect(verify(await signed({ expires: NOW + 60 })).usableUntilMs).toBe((NOW + 60) * 1_000);
    expect(verify(await signed({ alg: "ed25519" })).keyId).toBe("mine");
    const split = ["@method", "@authority", "@path", "@query", "content-digest", "authorization"];
    expect(verify(await signed({ fields: split })).keyId).toBe("mine");
  });

  it.each<readonly [string, (request: RequestParts) => RequestParts]>([
    ["method", (request) => ({ ...request, method: "PUT" })],
    ["path", (request) => ({ ...request, target: "/api/v2/other?outcomes=all" })],
    ["query", (request) => ({ ...request, target: "/api/v2/events?outcomes=rejected" })],
    ["host", (request) => ({ ...request, authority: "other.example.com" })],
    ["scheme", (request) => ({ ...request, scheme: "http" })],
    ["credential", (request) => ({ ...request, fields: { ...request.fields, authorization: ["Bearer other"] } })],
    [
      "digest of its body",
      (request) => ({ ...request, fields: { ...request.fields, "content-digest": [contentDigestOf("[]")] } }),
    ],
  ])("is refused when its %s was changed", async (_what, change) => expectInvalid(change(await signed())));

  it.each(FIELDS)("is refused when %s is not covered", async (left) => {
    expectInvalid(await signed({ fields: FIELDS.filter((each) => each !== left) }));
  });

  it("is refused when a chunked body has no digest", async () => {
    const headers = { authorization: "Bearer secret", "transfer-encoding": "chunked" };
    expectInvalid(await signed({ fields: ["@method", "@target-uri", "authorization"] }, headers));
  });

  it.each<readonly [string, Signing, number]>([
    ["older than five minutes", {}, NOW + 300],
    ["past what it says itself", { expires: NOW + 10 }, NOW + 10],
    ["made in the future", { created: NOW + 6 }, NOW],
    ["without a time", { created: null }, NOW],
    ["with a nonce that is too short", { nonce: "short" }, NOW],
    ["with a nonce that is too long", { nonce: "x".repeat(129) }, NOW],
    ["of a key nobody registered", { keyid: "other" }, NOW],
    ["that names another algorithm", { alg: "hmac-sha256" }, NOW],
  ])("is refused when it is %s", async (_what, signing, nowSeconds) =>
    expectInvalid(await signed(signing), nowSeconds),
  );

  it.each<readonly [string, Readonly<Record<string, readonly string[]>>]>([
    ["no signature beside its input", { signature: [] }],
    ["no input beside its signature", { "signature-input": [] }],
    ["fields that can't be read", { "signature-input": ["((("] }],
    [
      "too many signatures",
      { "signature-input": [Array.from({ length: 5 }, (_, index) => `s${index}=()`).join(", ")] },
    ],
    ["an input that is no list", { "signature-input": ["sig=1"] }],
    ["a signature that is no bytes", { signature: ["sig=1"] }],
    ["fields without end", { "signature-input": [`sig=("${"x".repeat(9_000)}")`] }],
  ])("is refused with %s", async (_what, fields) => {
    const request = await signed();
    expectInvalid({ ...request, fields: { ...request.fields, ...fields } });
  });

  it("a signature by another key under a registered name is refused, and so is one whose bytes were turned", async () => {
    const request = await signed();
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const forged = signWith(null, Buffer.from("anything"), stranger).toString("base64");
    expectInvalid({ ...request, fields: { ...request.fields, signature: [`sig=:${forged}:`] } });
  });
});
