import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { createHash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { createOneTimeMarks } from "../limits/one-time-marks.ts";
import { createProofNonces } from "./proof-nonces.ts";
import { createProofVerifier, PROOF_WINDOW_SECONDS, type VerifyProof } from "./proof-of-possession.ts";

const URL_OF_API = "https://api.example";
const TOKEN = "an.access.token";
let nowMs = 1_900_000_000_000;
let key: CryptoKey;
let jwk: JWK;
let privateJwk: JWK;
let boundTo: string;
let other: CryptoKey;
let otherJwk: JWK;
let verify: VerifyProof;

const pair = async () => generateKeyPair("ES256", { extractable: true });
beforeAll(async () => {
  const [first, second] = [await pair(), await pair()];
  [key, other] = [first.privateKey, second.privateKey];
  [jwk, otherJwk, privateJwk] = [
    await exportJWK(first.publicKey),
    await exportJWK(second.publicKey),
    await exportJWK(first.privateKey),
  ];
  boundTo = await calculateJwkThumbprint(jwk);
});
beforeEach(() => {
  verify = createProofVerifier({ publicUrl: URL_OF_API, nowMs: () => nowMs });
});

const ath = createHash("sha256").update(TOKEN).digest("base64url");
const made = (claims: object = {}, header: object = {}, signer: CryptoKey = key): Promise<string> =>
  new SignJWT({ jti: randomUUID(), htm: "POST", htu: `${URL_OF_API}/graphql`, iat: nowMs / 1_000, ath, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk, ...header })
    .sign(signer);
const outcome = (proof: string | null | undefined): Promise<unknown> =>
  verify({ proof, token: TOKEN, boundTo, method: "POST", path: "/graphql" }).then(
    () => "let in",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

describe("a DPoP proof (RFC 9449)", () => {
  it("made for this request and this token is let in, once", async () => {
    const proof = await made();
    expect(await outcome(proof)).toBe("let in");
    expect(await outcome(proof)).toBe("UNAUTHENTICATED");
  });

  it("may write the address with its default port, and with a query that does not count", async () => {
    expect(await outcome(await made({ htu: "https://API.example:443/graphql?x=1#y" }))).toBe("let in");
  });

  it.each([
    ["another method", { htm: "GET" }],
    ["another path", { htu: `${URL_OF_API}/graphql/` }],
    ["another host", { htu: "https://evil.example/graphql" }],
    ["plain http", { htu: "http://api.example/graphql" }],
    ["no address", { htu: "/graphql" }],
    ["another token", { ath: createHash("sha256").update("x").digest("base64url") }],
    ["no token", { ath: undefined }],
    ["too long ago", { iat: nowMs / 1_000 - PROOF_WINDOW_SECONDS - 1 }],
    ["too far ahead", { iat: nowMs / 1_000 + PROOF_WINDOW_SECONDS + 1 }],
    ["no id", { jti: undefined }],
  ])("made for %s is refused", async (_what, claims) => {
    expect(await outcome(await made(claims))).toBe("UNAUTHENTICATED");
  });

  it("of another key is refused, also when it shows the token's", async () => {
    expect(await outcome(await made({}, { jwk: otherJwk }, other))).toBe("UNAUTHENTICATED");
    expect(await outcome(await made({}, {}, other))).toBe("UNAUTHENTICATED");
  });

  it("that gives its private key away, is of another type, or names more in its header is refused", async () => {
    for (const header of [{ jwk: privateJwk }, { typ: "jwt" }, { kid: "x" }, { jku: "https://evil.example" }])
      expect(await outcome(await made({}, header))).toBe("UNAUTHENTICATED");
  });

  it("that is missing, doubled, endless or no JWT is refused", async () => {
    for (const proof of [undefined, null, "", "x", "a.b.c", `${"x".repeat(5_000)}.b.c`])
      expect(await outcome(proof)).toBe("UNAUTHENTICATED");
  });

  it("is remembered for as long as it would be fresh, so that it never serves again", async () => {
    const proof = await made({ iat: nowMs / 1_000 + PROOF_WINDOW_SECONDS });
    expect(await outcome(proof)).toBe("let in");
    nowMs += 2 * PROOF_WINDOW_SECONDS * 1_000;
    expect(await outcome(proof)).toBe("UNAUTHENTICATED");
  });
});

describe("a DPoP proof, where processes share what was used", () => {
  it("serves once whichever of them it is presented to, and nowhere while that can't be known", async () => {
    const used = new Set<string>();
    let isDown = false;
    const useMark = createOneTimeMarks({
      charge: ([charge]) => {
        if (isDown) throw new Error("connect ECONNREFUSED 10.0.0.7");
        if (charge === undefined || used.has(charge.key)) return { charged: false };
        used.add(charge.key);
        return { charged: true };
      },
    });
    const replicas = [1, 2].map(() => createProofVerifier({ publicUrl: URL_OF_API, nowMs: () => nowMs, useMark }));
    const present = (replica: number, proof: string): Promise<unknown> => {
      verify = replicas[replica] ?? verify;
      return outcome(proof);
    };
    const proof = await made();
    expect([await present(0, proof), await present(1, proof)]).toEqual(["let in", "UNAUTHENTICATED"]);
    isDown = true;
    expect(await present(0, await made())).toBe("DEPENDENCY_UNAVAILABLE");
  });
});

describe("a DPoP proof, where nonces are asked for", () => {
  it("needs a nonce that was given out, which the refusal tells", async () => {
    const nonces = createProofNonces({ secret: "the secret of one installation, long enough", nowMs: () => nowMs });
    verify = createProofVerifier({ publicUrl: URL_OF_API, nowMs: () => nowMs, nonces });
    expect(await outcome(await made())).toBe("DPOP_NONCE_REQUIRED");
    expect(await outcome(await made({ nonce: "made up" }))).toBe("DPOP_NONCE_REQUIRED");
    const refused = verify({ proof: await made(), token: TOKEN, boundTo, method: "POST", path: "/graphql" });
    await expect(refused).rejects.toThrow(nonces.current());
    expect(await outcome(await made({ nonce: nonces.current() }))).toBe("let in");
    expect(await outcome(await made({ nonce: nonces.current(), htm: "GET" }))).toBe("UNAUTHENTICATED");
  });
});
