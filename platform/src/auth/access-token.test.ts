import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { createAccessTokenVerifier, looksLikeJwt, type VerifyAccessToken } from "./access-token.ts";
import { createKeySet, KEY_SET_PAUSE_MS } from "./key-set.ts";

const ISSUER = "https://tessera.example";
const NOW_MS = 1_900_000_000_000;
const NOW = NOW_MS / 1_000;
const KID = "the-key-of-the-installation";

let keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
let foreign: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
let published: JWK;
let nowMs = NOW_MS;
let loads = 0;
let verify: VerifyAccessToken;

beforeAll(async () => {
  keys = await generateKeyPair("ES256", { extractable: true });
  foreign = await generateKeyPair("ES256", { extractable: true });
  published = { ...(await exportJWK(keys.publicKey)), kid: KID, alg: "ES256", use: "sig" };
});
beforeEach(() => {
  nowMs = NOW_MS;
  loads = 0;
  const load = () => {
    loads += 1;
    return Promise.resolve({ keys: [published] });
  };
  const findKey = createKeySet({ load, nowMs: () => nowMs });
  verify = createAccessTokenVerifier({ issuer: ISSUER, audience: ISSUER, findKey, nowMs: () => nowMs });
});

const CLAIMS = {
  jti: "token-1",
  sub: "tsc-00000000000000000000",
  client_id: "tsc-00000000000000000000",
  tenant: "6e2f2b0a-5c0e-4d0a-9b39-0a4a3f4d8f11",
  scope: "a:read b:read",
  iss: ISSUER,
  aud: ISSUER,
  iat: NOW,
  exp: NOW + 600,
};

const made = (
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
  key: CryptoKey = keys.privateKey,
): Promise<string> =>
  new SignJWT({ ...CLAIMS, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: KID, ...header })
    .sign(key, { crit: { b64: true, "x-unknown": true } });

/** A token put together by hand, as an attacker would. */
const forged = (header: object, claims: object, sign: (input: string) => string): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${sign(input)}`;
};

const outcome = (token: string): Promise<unknown> =>
  verify(token).then(
    () => "let in",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

describe("an access token", () => {
  it("of the issuer, for this API, in its time, is let in with what it says (RFC 9068)", async () => {
    expect(await verify(await made())).toEqual({
      tokenId: "token-1",
      tenantId: CLAIMS.tenant,
      clientId: CLAIMS.client_id,
      userId: null,
      scopes: ["a:read", "b:read"],
      grantHash: null,
      expiresAtMs: CLAIMS.exp * 1_000,
      boundTo: null,
    });
  });

  it.each([
    ["expired", { exp: NOW - 6 }],
    ["not valid yet", { nbf: NOW + 60 }],
    ["issued in the future", { iat: NOW + 60, exp: NOW + 120 }],
    ["of another issuer", { iss: "https://tessera.example.evil" }],
    ["of the issuer with a slash", { iss: `${ISSUER}/` }],
    ["for another audience", { aud: "https://elsewhere.example" }],
    ["for no audience", { aud: undefined }],
    ["without an end", { exp: undefined }],
    ["without an id", { jti: undefined }],
    ["without a tenant", { tenant: undefined }],
    ["of a tenant that is no id", { tenant: "' OR 1=1 --" }],
    ["of a subject that is neither client nor person", { sub: "root" }],
    ["with an end that is text", { exp: "9999999999" }],
  ])("that is %s is refused", async (_what, claims) => {
    expect(await outcome(await made(claims))).toBe("UNAUTHENTICATED");
  });

  it.each([
    ["no type", { typ: undefined }],
    ["the type of an ID token", { typ: "JWT" }],
    ["the type of a service identity", { typ: "tessera-identity+jwt" }],
    ["no kid", { kid: undefined }],
    ["an unknown kid", { kid: "another" }],
    ["a kid that is a path", { kid: "../../../../dev/null" }],
    ["a kid that is SQL", { kid: "x' UNION SELECT 'secret' --" }],
    ["a kid that is a list", { kid: [KID] }],
    ["jku", { jku: "https://evil.example/jwks" }],
    ["x5u", { x5u: "https://evil.example/cert.pem" }],
    ["x5c", { x5c: ["MIIB"] }],
    ["a jwk", { jwk: { kty: "EC", crv: "P-256", x: "x", y: "y" } }],
    ["a critical extension", { crit: ["x-unknown"], "x-unknown": 1 }],
  ])("whose header has %s is refused", async (_what, header) => {
    expect(await outcome(await made({}, header))).toBe("UNAUTHENTICATED");
  });

  it("signed by its own jwk is refused, whatever it says", async () => {
    const jwk = await exportJWK(foreign.publicKey);
    expect(await outcome(await made({}, { jwk }, foreign.privateKey))).toBe("UNAUTHENTICATED");
    expect(await outcome(await made({}, {}, foreign.privateKey))).toBe("UNAUTHENTICATED");
  });

  it.each(["none", "None", "nOnE", "NONE"])("with alg %s is refused", async (alg) => {
    const header = { alg, typ: "at+jwt", kid: KID };
    expect(await outcome(forged(header, CLAIMS, () => ""))).toBe("UNAUTHENTICATED");
    expect(await outcome(forged(header, CLAIMS, () => "AAAA"))).toBe("UNAUTHENTICATED");
  });

  it("whose HMAC was made with the public key is refused (HS/ES confusion)", async () => {
    const secrets = [await exportSPKI(keys.publicKey), JSON.stringify(published), published.x ?? ""];
    for (const secret of secrets) {
      const sign = (input: string) => createHmac("sha256", secret).update(input).digest("base64url");
      expect(await outcome(forged({ alg: "HS256", typ: "at+jwt", kid: KID }, CLAIMS, sign))).toBe("UNAUTHENTICATED");
    }
  });

  it("of another asymmetric algorithm than its key's is refused", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const token = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: KID })
      .sign(privateKey);
    expect(await outcome(token)).toBe("UNAUTHENTICATED");
  });

  it("with the signature of nothing (r = s = 0) is refused", async () => {
    const zero = Buffer.alloc(64).toString("base64url");
    expect(await outcome(forged({ alg: "ES256", typ: "at+jwt", kid: KID }, CLAIMS, () => zero))).toBe(
      "UNAUTHENTICATED",
    );
  });

  it("changed in one character anywhere is refused", async () => {
    const token = await made();
    for (let index = 0; index < token.length; index += 7) {
      const other = token[index] === "A" ? "B" : "A";
      const changed = token.slice(0, index) + other + token.slice(index + 1);
      // The last character of a part may carry bits that mean nothing; then it is the same token in other letters.
      if (changed !== token && !/[.]/.test(token.slice(index + 1, index + 2)) && index !== token.length - 1)
        expect(await outcome(changed)).toBe("UNAUTHENTICATED");
    }
  });

  it("is forgotten when it expires, though it was verified before", async () => {
    const token = await made();
    await verify(token);
    nowMs = CLAIMS.exp * 1_000 - 1;
    expect(await outcome(token)).toBe("let in");
    nowMs += 1;
    expect(await outcome(token)).toBe("UNAUTHENTICATED");
  });
});

describe("the issuer's keys", () => {
  it("are loaded once, and for invented kids no oftener than every few seconds", async () => {
    for (let time = 0; time < 50; time += 1) await outcome(await made({}, { kid: randomUUID() }));
    expect(loads).toBe(1);
    nowMs += KEY_SET_PAUSE_MS;
    for (let time = 0; time < 50; time += 1) await outcome(await made({}, { kid: randomUUID() }));
    expect(loads).toBe(2);
  });

  it("that came later are found without waiting for the old ones to age", async () => {
    const next = await generateKeyPair("ES256", { extractable: true });
    await verify(await made());
    const before = published;
    published = { ...(await exportJWK(next.publicKey)), kid: "next", alg: "ES256", use: "sig" };
    nowMs += KEY_SET_PAUSE_MS;
    expect(await outcome(await made({}, { kid: "next" }, next.privateKey))).toBe("let in");
    published = before;
  });

  it("that can't be loaded say nothing about a token", async () => {
    const findKey = createKeySet({ load: () => Promise.reject(new Error("down")), nowMs: () => nowMs });
    verify = createAccessTokenVerifier({ issuer: ISSUER, audience: ISSUER, findKey, nowMs: () => nowMs });
    expect(await outcome(await made())).toBe("DEPENDENCY_UNAVAILABLE");
  });

  it("of a kind nobody signs with here are passed over: symmetric ones and short RSA", async () => {
    const secret = Buffer.from("a secret that was published by mistake").toString("base64url");
    const short = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey.export({ format: "jwk" });
    const load = () =>
      Promise.resolve({
        keys: [
          { kty: "oct", k: secret, kid: "a" },
          { ...short, kid: "b" },
        ],
      });
    const findKey = createKeySet({ load, nowMs: () => nowMs });
    expect([await findKey("a"), await findKey("b")]).toEqual([null, null]);
  });
});

describe("what looks like a JWT", () => {
  it.each(["a.b", "tsr_live_x", "a.b.c.d.e", "", "a b.c.d", ".."])("%j does not", (text) => {
    expect(looksLikeJwt(text)).toBe(false);
  });
});
