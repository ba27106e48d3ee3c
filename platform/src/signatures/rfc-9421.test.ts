import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { isInnerList, parseDictionary, type InnerList } from "structured-headers";
import { readMessageKey, signBytes, verifyBytes, type MessageKey } from "./signature-algorithm.ts";
import { signatureBase, type AnswerParts, type RequestParts } from "./signature-base.ts";

// Keys and messages of RFC 9421, appendix B.1 and B.2.
const RSA_PSS = `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB`;
const ECC_P256 = `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==`;
const ED25519 = `MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=`;
const ED25519_PRIVATE = `MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF`;

const publicKey = (spki: string): KeyObject =>
  createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" });
const messageKey = (spki: string): MessageKey => {
  const read = readMessageKey(publicKey(spki).export({ format: "jwk" }));
  if (read === null) throw new Error("A key of the RFC is not read.");
  return read;
};

const REQUEST: RequestParts = {
  method: "POST",
  scheme: "https",
  authority: "example.com",
  target: "/foo?param=Value&Pet=dog",
  fields: {
    host: ["example.com"],
    date: ["Tue, 20 Apr 2021 02:07:55 GMT"],
    "content-type": ["application/json"],
    "content-digest": [
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    ],
    "content-length": ["18"],
  },
};
const ANSWER: AnswerParts = {
  status: 200,
  request: REQUEST,
  fields: {
    "content-type": ["application/json"],
    "content-digest": [
      "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
    ],
    "content-length": ["23"],
  },
};

const inputOf = (text: string): InnerList => {
  const [input] = parseDictionary(`sig=${text}`).values();
  if (input === undefined || !isInnerList(input)) throw new Error("No inner list.");
  return input;
};
const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64");

/** The signatures of appendix B.2; B.2.5 is by a shared secret, which is not accepted. */
const VECTORS = [
  {
    name: "B.2.1, nothing covered, rsa-pss-sha512",
    key: RSA_PSS,
    message: REQUEST,
    input: '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
  },
  {
    name: "B.2.2, some covered, a query parameter among them, rsa-pss-sha512",
    key: RSA_PSS,
    message: REQUEST,
    input:
      '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
  },
  {
    name: "B.2.3, everything covered, rsa-pss-sha512",
    key: RSA_PSS,
    message: REQUEST,
    input:
      '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
  },
  {
    name: "B.2.4, an answer, ecdsa-p256-sha256",
    key: ECC_P256,
    message: ANSWER,
    input: '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    signature: "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
  },
  {
    name: "B.2.6, ed25519",
    key: ED25519,
    message: REQUEST,
    input:
      '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature: "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
  },
] as const;

describe("the signatures of RFC 9421, appendix B.2", () => {
  it.each(VECTORS)("$name verifies, and no longer when anything differs", ({ key, message, input, signature }) => {
    const [read, bytes] = [messageKey(key), signatureBase(inputOf(input), message)];
    expect(verifyBytes(read, bytes, bytesOf(signature))).toBe(true);
    const changed = Buffer.from(bytes);
    changed[3] = (changed[3] ?? 0) ^ 1;
    expect(verifyBytes(read, changed, bytesOf(signature))).toBe(false);
    const cut = bytesOf(signature).subarray(1);
    expect(verifyBytes(read, bytes, cut)).toBe(false);
  });

  it("B.2.6 is made to the byte", () => {
    const [, , , , vector] = VECTORS;
    const key = createPrivateKey({ key: Buffer.from(ED25519_PRIVATE, "base64"), format: "der", type: "pkcs8" });
    const bytes = signatureBase(inputOf(vector.input), vector.message);
    expect(signBytes(key, bytes).toString("base64")).toBe(vector.signature);
  });

  it("B.2.5: its base is made to the byte, though its algorithm is not accepted", () => {
    const input = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
    expect(signatureBase(inputOf(input), REQUEST).toString()).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@authority": example.com',
        '"content-type": application/json',
        `"@signature-params": ${input}`,
      ].join("\n"),
    );
    expect(readMessageKey({ kty: "oct", k: "c2VjcmV0" })).toBeNull();
  });
});

describe("derived components (RFC 9421, 2.2)", () => {
  const lineOf = (component: string, message: RequestParts | AnswerParts = REQUEST): string =>
    signatureBase(inputOf(`(${component})`), message)
      .toString()
      .split("\n")[0] ?? "";

  it.each([
    ['"@method"', '"@method": POST'],
    ['"@target-uri"', '"@target-uri": https://example.com/foo?param=Value&Pet=dog'],
    ['"@authority"', '"@authority": example.com'],
    ['"@scheme"', '"@scheme": https'],
    ['"@request-target"', '"@request-target": /foo?param=Value&Pet=dog'],
    ['"@path"', '"@path": /foo'],
    ['"@query"', '"@query": ?param=Value&Pet=dog'],
    ['"@query-param";name="param"', '"@query-param";name="param": Value'],
  ])("%s", (component, line) => expect(lineOf(component)).toBe(line));

  it.each([
    ["/path?param=value&foo=bar&baz=batman", '"@query-param";name="baz"', '"@query-param";name="baz": batman'],
    [
      "/parameters?var=this%20is%20a%20big%0Amultiline%20value",
      '"@query-param";name="var"',
      '"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value',
    ],
    [
      "/parameters?fa%C3%A7ade%22%3A%20=something",
      '"@query-param";name="fa%C3%A7ade%22%3A%20"',
      '"@query-param";name="fa%C3%A7ade%22%3A%20": something',
    ],
    ["/path", '"@query"', '"@query": ?'],
    ["/path?", '"@query"', '"@query": ?'],
    ["?a", '"@path"', '"@path": /'],
  ])("of %s: %s", (target, component, line) => expect(lineOf(component, { ...REQUEST, target })).toBe(line));

  it("an answer covers parts of its request by `req`, a member of a field by `key`", () => {
    const request = { ...REQUEST, fields: { ...REQUEST.fields, signature: ["a=:AQ==:, b=:Ag==:;p"] } };
    expect(lineOf('"@method";req', { ...ANSWER, request })).toBe('"@method";req: POST');
    expect(lineOf('"signature";req;key="b"', { ...ANSWER, request })).toBe('"signature";req;key="b": :Ag==:;p');
    expect(lineOf('"@status"', ANSWER)).toBe('"@status": 200');
  });

  it.each([
    '"date" "date"',
    '"Date"',
    '"absent"',
    '"@status"',
    '"@method";req',
    '"date";bs',
    '"date";sf',
    '"date";tr',
    '"@method";key="a"',
    '"@query-param"',
    '"@query-param";name="absent"',
    '"@signature-params"',
    '"@nothing"',
    '"__proto__"',
    '"constructor"',
    '"content-digest";key="absent"',
    Array.from({ length: 33 }, (_, index) => `"@query-param";name="${index}"`).join(" "),
  ])("refuses (%s)", (components) => {
    expect(() => signatureBase(inputOf(`(${components})`), REQUEST)).toThrow();
  });

  it("refuses a query parameter that stands there twice, and a value with a line break", () => {
    expect(() => signatureBase(inputOf('("@query-param";name="a")'), { ...REQUEST, target: "/?a=1&a=2" })).toThrow();
    const fields = { date: ['x\n"@method": GET'] };
    expect(() => signatureBase(inputOf('("date")'), { ...REQUEST, fields })).toThrow();
  });
});

describe("a key of a client", () => {
  const jwkOf = (key: KeyObject) => key.export({ format: "jwk" });
  it("is Ed25519, P-256 or RSA of 2,048 to 4,096 bits, and public", () => {
    const rsa = (modulusLength: number) => jwkOf(generateKeyPairSync("rsa", { modulusLength }).publicKey);
    const ec = (namedCurve: string) => jwkOf(generateKeyPairSync("ec", { namedCurve }).publicKey);
    const ed = generateKeyPairSync("ed25519");
    expect(readMessageKey(jwkOf(ed.publicKey))?.algorithm).toBe("ed25519");
    expect(readMessageKey(ec("P-256"))?.algorithm).toBe("ecdsa-p256-sha256");
    expect(readMessageKey(rsa(2_048))?.algorithm).toBe("rsa-pss-sha512");
    for (const refused of [
      ...[jwkOf(ed.privateKey), ec("P-384"), ec("secp256k1"), rsa(1_024)],
      ...[jwkOf(generateKeyPairSync("x25519").publicKey), jwkOf(generateKeyPairSync("ed448").publicKey)],
      ...[{ kty: "EC", crv: "P-256", x: "AA", y: "AA" }, { kty: "OKP", crv: "Ed25519", x: "AA" }, null, "key", {}],
    ])
      expect(readMessageKey(refused)).toBeNull();
  });
});
